"""Refitting: ridge regression, and the patches that convolutions read."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.execution.patches import Sample
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.inputs import Inputs
from pytest_paoding.engine.pruning.reconstruct.refit import ridge

layers = keras.layers


@given(st.integers(0, 1000), st.integers(3, 60), st.integers(1, 40), st.floats(0.01, 1))
def test_ridge_is_the_same_by_columns_and_by_rows(seed, rows, columns, strength):
    generator = np.random.default_rng(seed)
    patches = (generator.standard_normal((rows, columns)) + 1).astype(np.float32)
    missing = generator.standard_normal((rows, 2)).astype(np.float32)
    change, offset = ridge(patches, missing, strength)
    centred = (patches - patches.mean(axis=0)).astype(float)
    gram = centred.T @ centred
    gram += (strength * np.trace(gram) / columns + 1e-8) * np.eye(columns)
    expected = np.linalg.solve(gram, centred.T @ (missing - missing.mean(axis=0)))
    np.testing.assert_allclose(change, expected, rtol=1e-3, atol=1e-4)
    # the bias compensates for the mean
    found = (missing - patches @ change - offset).mean(axis=0)
    np.testing.assert_allclose(found, 0, atol=1e-5)


CONVOLUTIONS = {
    "same": ((7, 6, 3), layers.Conv2D(4, 3, padding="same")),
    "valid": ((7, 6, 3), layers.Conv2D(4, (2, 3))),
    "strides": ((7, 6, 3), layers.Conv2D(4, 3, strides=2, padding="same")),
    "dilation": ((9, 8, 2), layers.Conv2D(4, 3, dilation_rate=2, padding="same")),
    "row": ((9, 2), layers.Conv1D(4, 3, strides=2, padding="same")),
    "causal": ((9, 2), layers.Conv1D(4, 3, dilation_rate=2, padding="causal")),
    "space": ((4, 5, 4, 2), layers.Conv3D(3, 2, padding="same")),
    "dense": ((5,), layers.Dense(4)),
    "dense_along_rows": ((3, 5), layers.Dense(4)),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_patches_times_the_kernel_are_the_outputs(name):
    shape, layer = CONVOLUTIONS[name]
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    x = np.random.default_rng(0).standard_normal((10, *shape)).astype("float32")
    call = next(each for each in read_graph(model).calls if each.operation is layer)
    sample = Sample.draw(call, len(x), 37, np.random.default_rng(1))
    outputs = np.asarray(model(x))
    chunks = [x[:4], x[4:]]
    patches = sample.patches(chunks)
    kernel = np.asarray(layer.kernel)
    found = patches.reshape(len(patches), -1) @ kernel.reshape(-1, kernel.shape[-1])
    expected = sample.outputs([outputs[:4], outputs[4:]])
    assert len(expected) == min(37, outputs[..., 0].size)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("step", (1, 2, 3))
def test_a_part_of_a_sample_is_that_of_the_inputs_which_are_left(step):
    shape, layer = (7, 6, 3), layers.Conv2D(4, 3, padding="same")
    given = keras.Input(shape)
    graph = read_graph(keras.Model(given, layer(given)))
    call = next(each for each in graph.calls if each.operation is layer)
    x = np.random.default_rng(0).random((10, *shape), np.float32)
    tensor = graph.inputs[0]
    inputs = Inputs(tuple({tensor: each} for each in np.split(x, [4, 5])), (True, False, False), 10)
    left = inputs.every(step)
    np.testing.assert_array_equal(np.concatenate([each[tensor] for each in left.chunks]), x[::step])
    assert left.count == len(x[::step])
    assert left.twins[0]
    assert not any(left.twins[1:])
    whole = Sample.draw(call, len(x), 80, np.random.default_rng(1))
    part, which = whole.every(step)
    found = part.patches(each[tensor] for each in left.chunks)
    np.testing.assert_array_equal(found, whole.patches([x])[which])
    assert step == 1 or 0 < len(found) < 80
