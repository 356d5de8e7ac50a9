"""Waves compute what the model does, and take back what was only tried."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.errors import ExecutionError
from support.small_models import before_activation, branched, cnn, mlp, residual

BUILDERS = (lambda: mlp(6, 5), cnn, residual, branched)


@pytest.mark.parametrize("build", BUILDERS)
def test_a_wave_ends_with_what_the_outputs_are_before_their_activation(build):
    model = build()
    graph = read_graph(model)
    generator = np.random.default_rng(0)
    arrays = drawn(sources_of(graph), Draw(20, 5, generator))
    inputs = chunked(graph, arrays, twins=0.5)
    found = Wave(Model(graph, WorkingWeights()), inputs.chunks).finish()
    values = [arrays[each] for each in graph.inputs]
    expected = before_activation(model, values if len(values) > 1 else values[0])
    # the same sums in float32 in another order, and outputs in another order
    found, expected = (each[:, np.argsort(each[0])] for each in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_is_tried_is_taken_back():
    model = mlp(6, 5)
    state = Model(read_graph(model), WorkingWeights())
    dense = model.layers[0]
    before = state.weights[dense, 0].copy()
    with state.tried([dense]):
        state.weights.assign((dense, 0), before * 0)
        state.offsets[dense] = np.ones(6)
        assert not state.weights[dense, 0].any()
    np.testing.assert_array_equal(state.weights[dense, 0], before)
    assert not state.offsets


def test_a_fork_behind_an_output_still_ends_with_all_of_them():
    """What was made before the fork belongs to the outputs, as cuts are compared by all."""
    x = keras.Input((3,))
    hidden = layers.Dense(4, name="early")(x)
    model = keras.Model(x, [hidden, layers.Dense(2, name="late")(layers.Dense(5)(hidden))])
    values = np.random.default_rng(0).random((6, 3), np.float32)
    graph = read_graph(model)
    wave = Wave(Model(graph, WorkingWeights()), [{graph.inputs[0]: values}])
    wave.advance()
    expected = np.concatenate([np.asarray(each) for each in model(values)], axis=1)
    for _ in range(2):  # a fork takes nothing from the wave
        np.testing.assert_allclose(wave.fork().finish(), expected, rtol=1e-6)


def test_outputs_of_several_kinds_are_real_numbers_together():
    x = keras.Input((3,))
    scores = layers.Dense(4)(x)
    model = keras.Model(x, [ops.argmax(scores, axis=-1), scores > 0, scores])
    values = np.random.default_rng(0).random((6, 3), np.float32)
    graph = read_graph(model)
    found = Wave(Model(graph, WorkingWeights()), [{graph.inputs[0]: values}]).finish()
    chosen = np.asarray(model(values)[2])
    expected = np.concatenate([chosen.argmax(1)[:, None], chosen > 0, chosen], axis=1)
    assert found.dtype == np.float32
    found, expected = (each[:, np.lexsort(each)] for each in (found, expected))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "output", (lambda y: ops.reshape(y, (-1, 2)), ops.max), ids=("folded", "all")
)
def test_an_output_that_is_no_row_for_each_sample_is_refused(output):
    x = keras.Input((3,))
    model = keras.Model(x, output(layers.Dense(4, name="scores")(x)))
    graph = read_graph(model)
    wave = Wave(Model(graph, WorkingWeights()), [{graph.inputs[0]: np.ones((6, 3), np.float32)}])
    with pytest.raises(ExecutionError, match=r"layer '(reshape|max)\w*' makes an output of the sh"):
        wave.finish()


def halved(x):
    return keras.ops.split(x, 2, axis=-1)[0]


@pytest.mark.parametrize("activation", ["glu"] * hasattr(keras.activations, "glu") + [halved])
def test_a_layer_whose_activation_refuses_its_units_is_named(activation):
    x = keras.Input((3,))
    model = keras.Model(x, layers.Dense(2)(layers.Dense(5, activation, name="odd")(x)))
    graph = read_graph(model)
    wave = Wave(Model(graph, WorkingWeights()), [{graph.inputs[0]: np.ones((6, 3), np.float32)}])
    with pytest.raises(ExecutionError, match="layer 'odd' cannot be run on values of the shape"):
        wave.finish()


@pytest.mark.parametrize("dtype", ("bfloat16", "float16", "bool"))
@pytest.mark.parametrize("shape", ((), (2,)))
def test_values_of_any_kind_and_shape_are_read(dtype, shape):
    tensor = tf.cast(tf.ones(shape), dtype)
    for each in (tensor, keras.Variable(tensor, dtype=dtype)):
        found = values_of(each)
        assert found.shape == shape
        assert (found == 1).all()
