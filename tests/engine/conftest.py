"""Fixtures of all tests of the engine."""

from __future__ import annotations

import pytest

from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.pruning.reconstruct import reconstruct


@pytest.fixture
def course(monkeypatch):
    """Set how long a standard distillation takes."""

    def set_to(steps, least=1, work=1e12):
        monkeypatch.setitem(reconstruct.COURSES, "standard", Course(steps, least, work))

    return set_to
