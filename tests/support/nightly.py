"""Variants that add little to the one that every run tries: the nightly run tries them."""

from __future__ import annotations

from typing import Any

import pytest


def nightly(*values: Any) -> list[Any]:
    """Return values of a parameter, marked as slow."""
    return [pytest.param(each, marks=pytest.mark.slow) for each in values]
