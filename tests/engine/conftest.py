"""Fixtures of all tests of the engine."""

from __future__ import annotations

import gc
from collections import OrderedDict
from typing import Any

import pytest

from pytest_paoding.engine.inputs import draws
from pytest_paoding.engine.inputs.families.candidate_inputs import candidates
from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.pruning.learning import budget
from pytest_paoding.records.text import efforts
from support.dtypes import models_in

_REMEMBERED, _HANDY = 32, 1 << 24  # draws that are kept, and bytes of one


def pytest_collection_finish():
    """Look for no garbage in what has been imported, TensorFlow above all: it takes .2 s a time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    """Let a standard effort take half a second."""
    monkeypatch.setitem(efforts.SECONDS, "standard", 0.5)


@pytest.fixture(autouse=True)
def _drawn_once(monkeypatch):
    """Draw what a generator in some state draws of some shape once for all tests."""
    monkeypatch.setattr(draws, "candidates", _remembered_candidates)


@pytest.fixture
def float64():
    """Build models in float64: whatever order sums are made in, an exact cut is exact to 1e-10."""
    with models_in("float64"):
        yield


_remembered: OrderedDict[str, tuple[Any, Any]] = OrderedDict()


def _remembered_candidates(kind, size, count, generator):
    key = f"{kind} {size} {count} {generator.bit_generator.state}"
    if key not in _remembered:
        found = candidates(kind, size, count, generator)
        if found.nbytes > _HANDY:
            return found
        _remembered[key] = found, generator.bit_generator.state
        if len(_remembered) > _REMEMBERED:
            _remembered.popitem(last=False)
    _remembered.move_to_end(key)
    found, generator.bit_generator.state = _remembered[key]
    return found.copy()


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
