"""Much is removed in two stages, and what comes out is exact, complete and nearer."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.gradients.distillation import Course
from pytest_paoding.engine.pruning.reconstruct import two_stages
from pytest_paoding.engine.pruning.reconstruct.two_stages import put_back
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.nightly import nightly
from support.small_models import (
    before_activation,
    branched,
    cnn,
    inputs_of,
    mlp,
    normed,
    off,
    residual,
)

MODELS = (lambda: mlp(16, 12), cnn, residual, branched, lambda: normed([]))


@pytest.fixture(autouse=True)
def _names():
    keras.utils.clear_session()


@pytest.fixture
def cuts(monkeypatch):
    """Count the cuts between stages."""
    found = []

    def counted(*given):
        found.append(given)
        return cut(*given)

    monkeypatch.setattr(two_stages, "cut", counted)
    return found


@pytest.mark.parametrize("build", MODELS[:3])
def test_weights_that_are_put_back_make_the_uncut_model_compute_what_the_smaller_one_does(build):
    model = build()
    structure = walk(model, rule_for)
    stay = np.ones(structure.classes.count, bool)
    free = np.flatnonzero(structure.classes.free)
    stay[np.random.default_rng(0).choice(free, len(free) // 3, replace=False)] = False
    smaller = cut(structure, Transform(stay))
    for number, variable in enumerate(smaller.model.trainable_variables):
        noise = np.random.default_rng(number).normal(0, 0.1, variable.shape)
        variable.assign_add(noise.astype(np.float32))
    state = Model(structure.graph, WorkingWeights())
    put_back(structure, smaller, state.weights)
    inputs = inputs_of(model, 9)
    found = Wave(state, [dict(zip(structure.graph.inputs, inputs, strict=True))]).finish()
    wanted = before_activation(smaller.model, inputs)
    np.testing.assert_allclose(found, np.reshape(wanted, found.shape), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("build", (*MODELS[:2], *nightly(*MODELS[2:])))
@pytest.mark.usefixtures("unhurried")
def test_two_stages_remove_what_one_would_and_are_proved(build, cuts, monkeypatch):
    model = build()
    seen = inputs_of(model, 256)
    settings = {"ratio": 0.75, "calibration": seen, "allocation": "uniform", "verify": True}
    staged = prune(model, **settings)
    assert len(cuts) == 1
    monkeypatch.setattr(two_stages, "_MUCH", 1.0)
    at_once = prune(model, **settings)
    assert len(cuts) == 1
    assert staged.model.count_params() == at_once.model.count_params()
    assert any(note.startswith("proved") for note in staged.notes)


def test_half_goes_at_once(cuts):
    prune(mlp(16, 12), ratio=0.5)
    assert not cuts


def test_all_goes_at_once_where_nothing_can_be_learned_between(cuts, course):
    model = mlp(16, 12)
    course(1000, least=100, work=1e9)
    prune(model, ratio=0.75)
    assert not cuts


@pytest.mark.slow
def test_two_stages_keep_more(course, monkeypatch):
    model = residual()
    seen, unseen = (inputs_of(model, 512, seed) for seed in (1, 2))
    course(300)
    found = {}
    for much in (0.6, 1.0):
        monkeypatch.setattr(two_stages, "_MUCH", much)
        found[much] = off(prune(model, ratio=0.75, calibration=seen).model, model, unseen)
    assert found[0.6] < 1.02 * found[1.0]


def test_a_course_is_split_into_parts_of_its_cost():
    first, rest = Course(100, 10, 1e9).split(0.3)
    assert (first.steps, rest.steps) == (30, 70)
    assert first.work + rest.work == pytest.approx(1e9)
