"""Normalisations with working weights, in one operation or two: what Keras computes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.execution.normalisation import normalised
from pytest_paoding.engine.execution.working import WorkingWeights

SHAPES = ((5,), (4, 5), (3, 4, 5), (2, 3, 2, 5))


def _settled(shape: tuple[int, ...], axis: int, seed: int, **settings: bool):
    layer = keras.layers.BatchNormalization(axis=axis, **settings)
    layer.build((None, *shape))
    generator = np.random.default_rng(seed)
    for variable in layer.weights:
        variable.assign(generator.uniform(0.2, 3, variable.shape))
    return layer, (3 * generator.standard_normal((6, *shape))).astype(np.float32)


@given(
    st.sampled_from(SHAPES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 99),
)
def test_values_are_those_of_the_layer(shape, last, center, scale, seed):
    layer, values = _settled(shape, -1 if last else 1, seed, center=center, scale=scale)
    found = normalised(layer, WorkingWeights(), values)
    np.testing.assert_allclose(found, layer(values, training=False), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_traced_and_watched_it_is_the_same(shape):
    layer, values = _settled(shape, -1, 0)
    weights = WorkingWeights()

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(normalised(layer, weights, x) ** 2)
        return tape.gradient(total, x)

    x = tf.constant(values)
    traced = tf.function(lambda x: normalised(layer, weights, x), autograph=False)
    np.testing.assert_allclose(normalised(layer, weights, x), traced(x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(slope(x), tf.function(slope)(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_inputs_make_no_outputs(shape):
    layer, values = _settled(shape, -1, 0)
    assert tuple(normalised(layer, WorkingWeights(), values[:0]).shape) == (0, *shape)
