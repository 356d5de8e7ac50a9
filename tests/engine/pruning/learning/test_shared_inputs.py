"""Inputs are looked for once for all ratios of a model, and the outcome is the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.pruning.learning import shared_inputs
from support.nightly import nightly
from support.small_models import mlp, normed

layers = keras.layers


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(shared_inputs, "_findings", type(shared_inputs._findings)())


@pytest.fixture
def searches(monkeypatch):
    """Count the searches."""
    found, search = [], shared_inputs.learned_inputs

    def counted(*given):
        found.append(given)
        return search(*given)

    monkeypatch.setattr(shared_inputs, "learned_inputs", counted)
    return found


def weights_of(model, ratio, **settings):
    pruned = prune(model, ratio=ratio, **settings)
    return [values_of(each).tobytes() for each in pruned.model.weights]


@pytest.mark.parametrize("build", (lambda: normed([]), lambda: mlp(12, 8)))
def test_a_second_ratio_looks_for_no_inputs_and_gives_the_same_bytes(build, searches):
    model = build()
    weights_of(model, 0.25)
    after_another = weights_of(model, 0.5)
    assert len(searches) == 1
    shared_inputs._findings.clear()
    assert weights_of(model, 0.5) == after_another
    assert len(searches) == 2


@pytest.mark.parametrize(
    "changed",
    ({"seed": 1}, {"effort": 0.2}, *nightly({"input_range": (0, 2)}, {"input_kind": "features"})),
)
def test_other_settings_look_anew(changed, searches):
    model = normed([])
    weights_of(model, 0.5, effort=0.4)
    weights_of(model, 0.5, **{"effort": 0.4, **changed})
    assert len(searches) == 2


def test_other_weights_look_anew(searches):
    model = mlp(12)
    weights_of(model, 0.5)
    model.layers[0].kernel.assign_add(np.ones_like(values_of(model.layers[0].kernel)))
    weights_of(model, 0.5)
    assert len(searches) == 2


def test_inputs_that_are_given_or_large_are_not_kept(searches, monkeypatch):
    model = mlp(12)
    weights_of(model, 0.5, calibration=np.ones((9, 7), np.float32))
    assert not shared_inputs._findings
    monkeypatch.setattr(shared_inputs, "_BYTES", 10)
    weights_of(model, 0.5)
    assert not shared_inputs._findings
    assert len(searches) == 2


def test_only_the_last_few_are_kept(searches):
    model = mlp(12)
    for seed in range(shared_inputs._KEPT + 2):
        weights_of(model, 0.5, seed=seed)
    assert len(shared_inputs._findings) == shared_inputs._KEPT
    weights_of(model, 0.25, seed=seed)
    assert len(searches) == seed + 1
