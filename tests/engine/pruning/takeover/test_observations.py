"""What a layer is seen to sum over, times its weights, is what it computes."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.pruning.takeover.observations import observe
from support.small_models import randomised

STEPS, WIDTH = 7, 6


def observed(layer, arrays):
    """Return the values that each weight of a layer is seen to sum over, by its name."""
    given = [keras.Input(each.shape[1:]) for each in arrays]
    model = randomised(keras.Model(given, layer(*given)))
    graph = read_graph(model)
    (call,) = graph.calls
    inputs = [keras.ops.convert_to_tensor(each) for each in arrays]
    found = observe(call, inputs, Model(graph, WorkingWeights()))
    return {layer.weights[each.index].path.split("/", 1)[1]: each for each in found}


def sequences(*lead):
    return np.random.default_rng(0).standard_normal((4, *lead, STEPS, WIDTH)).astype(np.float32)


def test_the_outputs_of_attention_are_its_last_kernel_times_what_its_heads_gather():
    layer, x, y = layers.MultiHeadAttention(3, 5), sequences(), sequences()[:, :4]
    found = observed(layer, [x, y])["attention_output/kernel"]
    kernel, bias = (np.asarray(each) for each in layer.weights[-2:])
    outputs = found.samples @ kernel.reshape(15, WIDTH) + bias
    np.testing.assert_allclose(outputs, np.asarray(layer(x, y)).reshape(-1, WIDTH), atol=1e-4)


def test_the_projections_of_attention_read_query_key_and_value():
    x, y, z = sequences(), sequences()[:, :4] + 1, sequences()[:, :4] - 1
    found = observed(layers.MultiHeadAttention(2, 5), [x, y, z])
    for name, array in {"query": x, "value": y, "key": z}.items():
        np.testing.assert_array_equal(found[f"{name}/kernel"].samples, array.reshape(-1, WIDTH))


@pytest.mark.parametrize("kind", (layers.SimpleRNN, layers.LSTM, layers.GRU))
@pytest.mark.parametrize("backwards", (False, True))
def test_a_recurrent_kernel_reads_the_outputs_of_the_step_before(kind, backwards):
    layer, x = kind(5, return_sequences=True, go_backwards=backwards), sequences()
    found = observed(layer, [x])
    (name,) = (name for name in found if name.endswith("recurrent_kernel"))
    states = found[name].samples.reshape(4, STEPS, 5)
    assert not states[:, 0].any()
    np.testing.assert_allclose(states[:, 1:], np.asarray(layer(x))[:, :-1], atol=1e-5)


def test_both_directions_are_seen():
    layer, x = layers.Bidirectional(layers.GRU(5, return_sequences=True)), sequences()
    found = observed(layer, [x])
    states = [each.samples for name, each in found.items() if name.endswith("recurrent_kernel")]
    ahead, back = (each.reshape(4, STEPS, 5) for each in states)
    outputs = np.asarray(layer(x))
    np.testing.assert_allclose(ahead[:, 1:], outputs[:, :-1, :5], atol=1e-5)
    np.testing.assert_allclose(back[:, 1:], outputs[:, :0:-1, 5:], atol=1e-5)


def test_masked_steps_do_not_count():
    x = sequences()
    x[:, 4:] = 0
    given = keras.Input((STEPS, WIDTH))
    layer = layers.LSTM(5)
    graph = read_graph(randomised(keras.Model(given, layer(layers.Masking()(given)))))
    wave = Wave(Model(graph, WorkingWeights()), [{graph.inputs[0]: x}])
    while wave.calls()[0].operation is not layer:
        wave.advance()
    (call,) = wave.calls()
    values = [wave.values[each][0] for each in call.inputs]
    kernel, recurrent = observe(call, values, wave.model)
    assert kernel.samples.shape == (16, WIDTH)
    assert recurrent.samples.shape == (16, 5)


def test_an_einsum_reads_all_axes_it_sums_over():
    x = np.random.default_rng(0).standard_normal((4, STEPS, 3, 5)).astype(np.float32)
    layer = layers.EinsumDense("btnh,hnd->btd", (None, 2))
    (found,) = observed(layer, [x]).values()
    kernel = np.asarray(layer.kernel).reshape(15, 2)
    np.testing.assert_allclose(
        found.samples @ kernel, np.asarray(layer(x)).reshape(-1, 2), atol=1e-4
    )


def test_a_layer_at_every_step_reads_them_all():
    (found,) = observed(layers.TimeDistributed(layers.Dense(3)), [sequences()]).values()
    np.testing.assert_array_equal(found.samples, sequences().reshape(-1, WIDTH))
