"""How layers without kernels carry differences on."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.intervals import Interval
from pytest_paoding.engine.execution.linear import bias, is_linear, linear
from pytest_paoding.engine.execution.propagation import propagation
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from support.small_models import randomised

layers = keras.layers
ONE_INPUT = (
    layers.AveragePooling2D(2),
    layers.BatchNormalization(),
    layers.Flatten(),
    layers.GlobalMaxPooling2D(),
    layers.MaxPooling2D(2, padding="same"),
    layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 1.0]),
    layers.Rescaling(-0.5, offset=3.0),
    layers.ZeroPadding2D(),
)
TWO_INPUTS = tuple(
    getattr(layers, name)()
    for name in ["Add", "Average", "Concatenate", "Maximum", "Minimum", "Subtract"]
)


@pytest.mark.parametrize("layer", (*ONE_INPUT, *TWO_INPUTS), ids=lambda layer: type(layer).__name__)
def test_no_output_moves_further_than_was_said(layer):
    generator = np.random.default_rng(0)
    count = 2 if layer in TWO_INPUTS else 1
    inputs = [keras.Input((3, 3, 2)) for _ in range(count)]
    model = randomised(keras.Model(inputs, layer(inputs if count > 1 else inputs[0])))
    call = read_graph(model).calls[0]
    ends = [np.sort(generator.normal(size=(2, 1, 3, 3, 2)), axis=0) for _ in range(count)]
    moved = [Interval(*each.astype("float32")) for each in ends]
    x = generator.normal(size=(count, 100, 3, 3, 2)).astype("float32")
    share = generator.integers(0, 2, x.shape)
    shifted = [a + m.low + s * (m.high - m.low) for a, m, s in zip(x, moved, share, strict=True)]
    bounds = propagation(layer).difference(call, moved)
    difference = np.asarray(model(shifted)) - np.asarray(model(list(x)))
    assert (bounds.low - 1e-5 <= difference).all()
    assert (bounds.high + 1e-5 >= difference).all()


def test_products_depend_on_values_so_their_differences_are_not_known():
    assert propagation(layers.Multiply()).difference is None


def test_layers_that_may_do_anything_are_not_known():
    assert propagation(layers.LayerNormalization()) is None


def test_biases_have_the_shape_of_the_channels_axis():
    first = layers.Conv2D(3, 2, data_format="channels_first")
    first.build((None, 2, 4, 4))
    last = layers.Conv2D(3, 2)
    last.build((None, 4, 4, 2))
    weights = WorkingWeights()
    assert bias(first, weights).shape == (3, 1, 1)
    assert bias(last, weights).shape == (3,)
    assert bias(layers.Dense(2, use_bias=False), weights) is None
    assert not is_linear(layers.ReLU())


def test_a_linear_map_takes_centres_and_radii():
    layer = layers.Dense(2)
    layer.build((None, 3))
    layer.kernel.assign([[1.0, -1.0], [2.0, 0.0], [-3.0, 1.0]])
    low, high = np.zeros((1, 3), "float32"), np.ones((1, 3), "float32")
    found = linear(layer, WorkingWeights(), Interval(low, high))
    np.testing.assert_allclose(found.low, [[-3.0, -1.0]])
    np.testing.assert_allclose(found.high, [[3.0, 1.0]])
