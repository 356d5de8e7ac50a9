"""Of several plans the one is cut whose outputs are the nearest to the original's."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.pruning.learning import shared_inputs
from pytest_paoding.engine.pruning.learning.learned_inputs import Learned
from pytest_paoding.engine.pruning.reconstruct import fits
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


@pytest.fixture
def tried(monkeypatch):
    """Record the distance of each plan, and what the model computes then of its calibration."""
    found, distance = [], fits._distance

    def recorded(state, lesson):
        outputs = Wave(state, [dict(lesson.inputs)]).finish()
        found.append((distance(state, lesson), outputs))
        return found[-1][0]

    monkeypatch.setattr(fits, "_distance", recorded)
    return found


@pytest.mark.parametrize("ratio", (0.5, 0.75))
@pytest.mark.parametrize("build", MODELS)
def test_what_is_cut_computes_what_the_nearest_plan_did(build, ratio, course, tried):
    course(0)
    model = build()
    seen = inputs_of(model, 256)
    pruned = prune(model, ratio=ratio, calibration=seen, verify=True).model
    assert len(tried) > 1
    outputs = min(tried, key=lambda each: each[0])[1]
    found = np.reshape(before_activation(pruned, seen), outputs.shape)
    np.testing.assert_allclose(found, outputs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("allocation", ("balanced", "uniform"))
def test_an_allocation_that_was_asked_for_has_no_rival(allocation, tried):
    model = cnn()
    prune(model, ratio=0.5, calibration=inputs_of(model, 256), allocation=allocation)
    assert not tried


def test_inputs_that_are_merely_drawn_do_not_choose(tried, monkeypatch):
    def drawn(*given):
        found = learned(*given)
        return Learned(shared_inputs.replace(found.inputs, typical=False), found.spent)

    learned = shared_inputs.learned_inputs
    monkeypatch.setattr(shared_inputs, "learned_inputs", drawn)
    prune(cnn(), ratio=0.5, seed=941)  # no other test has found inputs for that
    assert not tried


@pytest.mark.parametrize(("numbers", "taken"), (((np.nan, 2.0, np.nan), 1), ((np.nan,) * 3, 0)))
def test_a_plan_that_makes_no_numbers_loses(numbers, taken, monkeypatch, tried, course):
    course(0)
    model = cnn()
    seen = inputs_of(model, 256)
    distances, measured = iter(numbers), fits._distance

    def mostly_none(state, lesson):
        measured(state, lesson)
        return next(distances)

    monkeypatch.setattr(fits, "_distance", mostly_none)
    pruned = prune(model, ratio=0.5, calibration=seen, verify=True).model
    outputs = tried[taken][1]
    found = np.reshape(before_activation(pruned, seen), outputs.shape)
    np.testing.assert_allclose(found, outputs, rtol=1e-3, atol=1e-3)
