"""Of several plans the one is cut whose outputs are the nearest to the original's."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.learning import shared_inputs
from pytest_paoding.engine.pruning.learning.learned_inputs import Learned
from pytest_paoding.engine.pruning.reconstruct import fits
from pytest_paoding.engine.pruning.reconstruct.readers import find_readers
from pytest_paoding.engine.pruning.reconstruct.survey import Survey
from support.nightly import nightly
from support.small_models import before_activation, cnn, inputs_of, randomised

layers = keras.layers


def dense():
    given = x = keras.Input((9,))
    for width in (40, 6, 24):
        x = layers.Dense(width, "relu")(x)
    model = randomised(keras.Model(given, layers.Dense(4, "softmax")(x)))
    kernel, bias = model.layers[1].get_weights()  # four of its units are all that it needs
    model.layers[1].set_weights([np.tile(kernel[:, :4], 10), np.tile(bias[:4], 10)])
    return model


def folded(size: int = 3):
    given = x = keras.Input((8, 8, 2))
    for width in (12, 16):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(width, size)(x)))
    for _ in range(2):
        inner = layers.Conv2D(10, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(16, 3, padding="same")(inner)])
    x = layers.Dense(20, "relu")(layers.GlobalAveragePooling2D()(x))
    return randomised(keras.Model(given, layers.Dense(4)(x)))


def stepwise():
    given = keras.Input((7, 5))
    x = layers.GRU(12)(layers.LSTM(10, return_sequences=True)(given))
    return randomised(keras.Model(given, layers.Dense(4)(layers.Dense(14, "relu")(x))))


MODELS = (dense, folded, stepwise, cnn)


@pytest.fixture(autouse=True)
def _names():
    keras.utils.clear_session()


@dataclass
class Tried:
    """Plans that were tried, with their distances, and those that were carried out for good.

    Of each of the latter also what the model computed then, and how many had been tried.
    """

    plans: list[Any] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    final: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    stages: list[int] = field(default_factory=list)


@pytest.fixture
def tried(monkeypatch):
    """Record what is tried, and what the model computes in the end of its calibration."""
    found, distance, carried_out = Tried(), fits._distance, fits.Fits.carry_out

    def measured(state, lesson):
        found.distances.append(distance(state, lesson))
        return found.distances[-1]

    def carry_out(self, stay, *, last=True):
        carried_out(self, stay, last=last)
        (found.final if last else found.plans).append(stay)
        if last:
            found.outputs.append(Wave(self.survey.model, self.survey.inputs.chunks).finish())
            found.stages.append(len(found.plans))

    monkeypatch.setattr(fits, "_distance", measured)
    monkeypatch.setattr(fits.Fits, "carry_out", carry_out)
    return found


@pytest.mark.parametrize("ratio", (0.75, *nightly(0.5)))
@pytest.mark.parametrize("build", MODELS)
def test_the_nearest_plan_is_carried_out_on_all_inputs(build, ratio, course, tried):
    course(0)
    model = build()
    seen = inputs_of(model, 256)
    pruned = prune(model, ratio=ratio, calibration=seen, verify=True).model
    assert len(tried.plans) > 1
    assert len(tried.plans) == len(tried.distances) == tried.stages[-1]
    for first, last, stay in zip([0, *tried.stages], tried.stages, tried.final, strict=False):
        nearest = first + int(np.argmin(tried.distances[first:last]))
        np.testing.assert_array_equal(stay, tried.plans[nearest])
    assert {len(outputs) for outputs in tried.outputs} == {256}
    found = np.reshape(before_activation(pruned, seen), tried.outputs[-1].shape)
    np.testing.assert_allclose(found, tried.outputs[-1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("build", MODELS)
def test_what_is_tried_leaves_nothing_behind(build, course, tried, monkeypatch):
    """The plan that is taken gives the model that it would have given if it had no rival."""
    course(0)
    model = build()
    seen = inputs_of(model, 256)
    prune(model, ratio=0.5, calibration=seen)
    chosen, trying = tried.final[-1], fits.Fits._nearest
    monkeypatch.setattr(Survey, "look", _seeded(Survey.look))
    monkeypatch.setattr(fits.Fits, "_nearest", lambda *_: chosen)
    prune(model, ratio=0.5, calibration=seen)
    monkeypatch.setattr(fits.Fits, "_nearest", lambda *given: (trying(*given), chosen)[1])
    prune(model, ratio=0.5, calibration=seen)
    first, alone, among_others = tried.stages
    assert alone == first
    assert among_others > alone
    np.testing.assert_array_equal(tried.outputs[2], tried.outputs[1])


def _seeded(look):
    """Let each look draw the same samples, however many looks there were before."""

    def looked(self, *given):
        self.generator = np.random.default_rng(0)
        return look(self, *given)

    return looked


@pytest.mark.parametrize("count", (1, *nightly(2, 3)))
@pytest.mark.parametrize("build", MODELS)
def test_a_handful_of_inputs_is_enough_to_try_on(build, count, course, tried):
    course(0)
    model = build()
    seen = [each[:count] for each in inputs_of(model, 4)]
    pruned = prune(model, ratio=0.5, calibration=seen, verify=True).model
    assert pruned.count_params() < model.count_params()
    assert len(tried.plans) > 1
    found = np.reshape(before_activation(pruned, seen), tried.outputs[-1].shape)
    np.testing.assert_allclose(found, tried.outputs[-1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("rows", "step"), ((10_000, 4), (100, 3), (70, 2), (10, 2)))
def test_a_trial_has_two_outputs_for_every_weight_that_is_fitted(rows, step):
    model = keras.Sequential(
        [keras.Input((9, 2)), layers.Conv1D(6, 1), layers.Conv1D(4, 5), layers.Dense(2)]
    )
    reader = find_readers(walk(model, rule_for))[1]
    survey = SimpleNamespace(samples={reader: SimpleNamespace(inputs=np.zeros(rows))})
    plan = np.zeros(max(reader.axis.classes) + 1, bool)
    plan[reader.axis.classes[:3]] = True  # of six channels, under five taps each
    assert fits.Fits(None, survey, (reader,), ())._step(plan) == step


@pytest.mark.parametrize("allocation", ("balanced", "uniform"))
def test_an_allocation_that_was_asked_for_has_no_rival(allocation, tried):
    model = cnn()
    prune(model, ratio=0.5, calibration=inputs_of(model, 256), allocation=allocation)
    assert not tried.plans
    assert len(tried.final) == 1


def test_inputs_that_are_merely_drawn_do_not_choose(tried, monkeypatch):
    def drawn(*given):
        found = learned(*given)
        return Learned(shared_inputs.replace(found.inputs, typical=False), found.spent)

    learned = shared_inputs.learned_inputs
    monkeypatch.setattr(shared_inputs, "learned_inputs", drawn)
    prune(cnn(), ratio=0.5, seed=941)  # no other test has found inputs for that
    assert not tried.plans


@pytest.mark.parametrize(("numbers", "taken"), (((np.nan, 2.0, np.nan), 1), ((np.nan,) * 3, 0)))
def test_a_plan_that_makes_no_numbers_loses(numbers, taken, monkeypatch, tried, course):
    course(0)
    model = cnn()
    seen = inputs_of(model, 256)
    distances = iter(numbers)
    monkeypatch.setattr(fits, "_distance", lambda *_: next(distances))
    pruned = prune(model, ratio=0.5, calibration=seen, verify=True).model
    np.testing.assert_array_equal(tried.final[0], tried.plans[taken])
    found = np.reshape(before_activation(pruned, seen), tried.outputs[0].shape)
    np.testing.assert_allclose(found, tried.outputs[0], rtol=1e-3, atol=1e-3)
