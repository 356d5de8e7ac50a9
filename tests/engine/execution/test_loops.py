"""Layers that go step by step: traced they give what they give by themselves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.loops import is_loop
from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.errors import ExecutionError

STEPS = 5
LOOPS = {
    "lstm": lambda: layers.LSTM(4),
    "states": lambda: layers.GRU(4, return_sequences=True, return_state=True),
    "backwards": lambda: layers.SimpleRNN(4, go_backwards=True, return_sequences=True),
    "two directions": lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
    "apart": lambda: layers.Bidirectional(layers.GRU(3), merge_mode=None),
    "cells": lambda: layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)]),
    "every step": lambda: layers.TimeDistributed(layers.Dense(3, "relu")),
}


class Halved(layers.Layer):
    """A cell of one's own."""

    state_size = 3

    def call(self, inputs: Any, states: Any) -> Any:
        after = states[0] / 2 + inputs[:, :3]
        return after, [after]


def of_series(make: Any, *, masked: bool = False) -> Any:
    keras.utils.set_random_seed(0)
    given = keras.Input((STEPS, 4))
    flow = layers.Masking(0.0)(given) if masked else given
    return keras.Model(given, make()(flow))


def drawn(count: int = 6) -> Any:
    values = np.random.default_rng(0).normal(size=(count, STEPS, 4)).astype("float32")
    values[:, -2:] = 0
    return values


def waved(model: Any, values: Any, weights: Any = None) -> tuple[Any, Model]:
    graph = read_graph(model)
    walked = Model(graph, weights or WorkingWeights())
    return Wave(walked, [{graph.inputs[0]: values}]).finish(), walked


def rows(model: Any, values: Any) -> Any:
    found = keras.tree.flatten(model(values))
    return np.concatenate([np.asarray(each).reshape(len(values), -1) for each in found], axis=1)


@pytest.mark.parametrize("masked", (False, True), ids=("plain", "masked"))
@pytest.mark.parametrize("name", LOOPS)
def test_a_traced_layer_gives_what_it_gives_by_itself(name: str, *, masked: bool) -> None:
    model, values = of_series(LOOPS[name], masked=masked), drawn()
    assert any(is_loop(layer) for layer in model.layers)
    found, _ = waved(model, values)
    np.testing.assert_allclose(found, rows(model, values), atol=1e-6)


def test_a_mask_goes_on_behind_a_traced_layer() -> None:
    keras.utils.set_random_seed(0)
    given = keras.Input((STEPS, 4))
    flow = layers.LSTM(4, return_sequences=True)(layers.Masking(0.0)(given))
    model = keras.Model(given, layers.GlobalAveragePooling1D()(flow))
    np.testing.assert_allclose(waved(model, drawn())[0], rows(model, drawn()), atol=1e-6)


def test_pictures_too() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((None, 6, 6, 1)), layers.ConvLSTM2D(3, 3, padding="same")]
    )
    values = np.random.default_rng(0).random((2, 4, 6, 6, 1)).astype("float32")
    np.testing.assert_allclose(waved(model, values)[0], rows(model, values), atol=1e-6)


def test_weights_that_change_are_read_anew() -> None:
    model, values, weights = of_series(LOOPS["lstm"]), drawn(), WorkingWeights()
    graph = read_graph(model)
    walked, layer = Model(graph, weights), model.layers[-1]
    for factor in (1.0, 0.5, -2.0):
        kernel = layer.get_weights()[0] * factor
        weights.assign((layer, 0), kernel)
        found = Wave(walked, [{graph.inputs[0]: values}]).finish()
        other = keras.models.clone_model(model)
        other.set_weights([kernel, *layer.get_weights()[1:]])
        np.testing.assert_allclose(found, rows(other, values), atol=1e-6)
    assert len(walked._loops) == 1  # all by one trace


def test_layers_that_keep_states_or_are_not_kerass_own_run_as_they_are() -> None:
    assert not is_loop(layers.LSTM(3, stateful=True))
    assert not is_loop(layers.RNN(Halved()))
    assert not is_loop(layers.Dense(3))
    model = of_series(lambda: layers.RNN(Halved()))
    np.testing.assert_allclose(waved(model, drawn())[0], rows(model, drawn()), atol=1e-6)


def test_what_a_traced_layer_refuses_names_it() -> None:
    model = of_series(lambda: layers.LSTM(4, name="reader"))
    with pytest.raises(ExecutionError, match=r"'reader' cannot be run on values of the shape"):
        waved(model, np.zeros((2, STEPS, 7), "float32"))


def test_work_is_counted_where_kernels_are_read_again_and_again() -> None:
    def work(*stack: Any) -> int:
        return multiplications(read_graph(keras.Sequential(stack)))

    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3, padding="same")])
    frames = keras.Input((7, 8, 8, 1))
    assert work(frames, layers.TimeDistributed(inner)) == 7 * 64 * 9 * 4
    assert work(frames, layers.TimeDistributed(layers.Conv2D(4, 1))) == 7 * 64 * 4
    recurrent = work(frames, layers.ConvLSTM2D(2, 3, padding="same"))
    assert recurrent > 7 * 64 * 9 * (1 + 2) * 4 * 2  # input and state, four gates
    one = work(keras.Input((9, 4)), layers.LSTM(3))
    both = work(keras.Input((9, 4)), layers.Bidirectional(layers.LSTM(3)))
    assert both == 2 * one
