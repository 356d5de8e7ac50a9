"""Interval arithmetic: every bound holds for what was sampled."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.execution.intervals import Interval, known_activation, layer_activation

layers = keras.layers
ACTIVATIONS = [
    name
    for name in [
        "celu",
        "elu",
        "gelu",
        "hard_sigmoid",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softplus",
        "softsign",
        "sparse_plus",
        "squareplus",
        "tanh",
        "tanh_shrink",
    ]
    if hasattr(keras.activations, name)
]
ends = st.tuples(st.floats(-8, 8), st.floats(0, 6)).map(lambda pair: (pair[0], sum(pair)))


def values_of(function, array):
    return np.asarray(function(keras.ops.convert_to_tensor(array)))


def interval(low, high):
    return Interval(np.array([low]), np.array([high]))


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(deadline=None, max_examples=40)
@given(ends, ends)
def test_activations_stay_within_their_bounds(name, argument, moved):
    activation = known_activation(getattr(keras.activations, name))
    x = np.linspace(*argument, 200)
    y = values_of(activation.function, x)
    bounds = activation.value(interval(*argument))
    assert bounds.low[0] <= y.min() + 1e-6
    assert bounds.high[0] >= y.max() - 1e-6

    d = np.linspace(*moved, 50)
    shift = values_of(activation.function, x[:, None] + d) - y[:, None]
    reach = activation.difference(interval(*moved), interval(*argument))
    assert reach.low[0] <= shift.min() + 1e-5
    assert reach.high[0] >= shift.max() - 1e-5


def test_relu_passes_a_difference_on_where_it_is_linear_and_nothing_where_it_is_dead():
    relu = known_activation(keras.activations.relu)
    moved = interval(0.5, 1.0)
    linear = relu.difference(moved, interval(0.0, 2.0))
    assert (linear.low[0], linear.high[0]) == (0.5, 1.0)
    dead = relu.difference(moved, interval(-3.0, -1.0))
    assert (dead.low[0], dead.high[0]) == (0.0, 0.0)
    between = relu.difference(moved, interval(-1.0, 1.0))
    assert (between.low[0], between.high[0]) == (0.0, 1.0)
    assert relu.difference(moved, None).low[0] == 0.0


@pytest.mark.parametrize(
    "layer",
    (
        layers.Activation("tanh"),
        layers.ReLU(),
        layers.ReLU(max_value=6.0),
        layers.ReLU(negative_slope=2.0),
        layers.LeakyReLU(0.3),
        layers.ELU(1.5),
    ),
)
def test_activation_layers_are_known(layer):
    activation = layer_activation(layer)
    x = np.linspace(-3, 2, 100)
    y = values_of(layer, x)
    bounds = activation.value(interval(-3.0, 2.0))
    assert bounds.low[0] <= y.min() + 1e-6
    assert bounds.high[0] >= y.max() - 1e-6
    slopes = np.abs(np.diff(y) / np.diff(x))
    assert activation.slope >= slopes.max() - 1e-4


@pytest.mark.parametrize(
    "layer", (layers.Activation("softmax"), layers.ReLU(threshold=1.0), layers.Dense(2))
)
def test_what_is_not_monotone_and_continuous_is_not_known(layer):
    assert layer_activation(layer) is None


@given(ends, ends, st.floats(-3, 3))
def test_interval_arithmetic(first, second, factor):
    left, right = interval(*first), interval(*second)
    for a in first:
        assert left.times(np.array(factor)).low[0] <= a * factor <= left.times(factor).high[0]
        for b in second:
            assert (left + right).low[0] <= a + b <= (left + right).high[0]
            assert (left - right).low[0] <= a - b <= (left - right).high[0]
    assert left.centre[0] - left.radius[0] == pytest.approx(first[0])
    assert left.shifted(np.array(1.0)).low[0] == first[0] + 1.0
