"""Fixtures of the tests of reconstruction."""

from __future__ import annotations

import pytest

from pytest_paoding.pruning.reconstruct import strategy
from pytest_paoding.pruning.reconstruct.distillation import Course


@pytest.fixture
def course(monkeypatch):
    """Set how long a standard distillation takes."""

    def set_to(steps, least=1, work=1e12):
        monkeypatch.setitem(strategy.COURSES, "standard", Course(steps, least, work))

    return set_to
