"""Fixtures of all tests of the engine."""

from __future__ import annotations

import gc

import pytest

from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.pruning.learning import budget
from pytest_paoding.records.text import efforts


def pytest_collection_finish():
    """Look for no garbage in what has been imported, TensorFlow above all: it takes .2 s a time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    """Let a standard effort take half a second."""
    monkeypatch.setitem(efforts.SECONDS, "standard", 0.5)


@pytest.fixture
def unhurried(_brief, monkeypatch):
    """Let a standard effort take long enough for all that it does."""
    monkeypatch.setitem(efforts.SECONDS, "standard", 2.0)


@pytest.fixture
def course(monkeypatch):
    """Set how long a standard distillation takes."""

    def set_to(steps, least=1, work=1e12):
        monkeypatch.setattr(budget.Budget, "course", lambda *_, **__: Course(steps, least, work))

    return set_to
