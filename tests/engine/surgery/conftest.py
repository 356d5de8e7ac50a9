"""Fixtures of the tests of surgery: everything in float64, whatever ran before."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _float64(float64):
    """Build models in float64, so that an exact cut differs from a nearly right one."""
