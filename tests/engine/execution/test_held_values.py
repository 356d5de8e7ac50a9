"""Held values: outputs, and the scores that attention keeps for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers, ops

from pytest_paoding.engine.execution.held_values import held_values
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import most_followed, most_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

GRID, STEPS, WIDTH = (5, 7, 6), 9, 6


def grid() -> Any:
    return keras.Input(GRID)


def steps() -> Any:
    return keras.Input((STEPS, WIDTH))


def heads() -> Any:
    return keras.Input((STEPS, 3, WIDTH))


CASES = {
    "all axes": (grid, lambda x: layers.MultiHeadAttention(2, 3)(x, x), 2 * 35 * 35 + 35 * 6),
    "one axis": (
        grid,
        lambda x: layers.MultiHeadAttention(2, 3, attention_axes=2)(x, x),
        2 * 35 * 7 + 35 * 6,
    ),
    "grouped": (steps, lambda x: layers.GroupQueryAttention(2, 4, 2)(x, x), 4 * 81 + 9 * 6),
    "dot product": (steps, lambda x: layers.Attention()([x, x]), 81 + 9 * 6),
    "additive": (steps, lambda x: layers.AdditiveAttention()([x, x]), 6 * 81 + 9 * 6),
    "operation": (heads, lambda x: ops.dot_product_attention(x, x, x), 3 * 81 + 9 * 3 * 6),
    "dense": (steps, layers.Dense(4), 9 * 4),
}
if not hasattr(ops, "dot_product_attention"):  # of later releases of Keras
    del CASES["operation"]


@pytest.mark.parametrize("name", CASES)
def test_scores_of_every_query_for_every_key_count(name: str) -> None:
    given: Callable[[], Any]
    given, layer, expected = CASES[name]
    x = given()
    (call,) = read_graph(keras.Model(x, layer(x))).calls
    assert held_values(call) == expected


def test_open_lengths_are_taken_for_what_is_said() -> None:
    x = keras.Input((None, WIDTH))
    (call,) = read_graph(keras.Model(x, layers.MultiHeadAttention(2, 3)(x, x))).calls
    assert held_values(call, 10) == 2 * 100 + 60


def test_no_more_inputs_are_run_than_the_scores_allow() -> None:
    """A gigabyte holds 32 such inputs, of whose outputs alone it would hold thousands."""
    x = keras.Input((32, 32, 4))
    graph = read_graph(keras.Model(x, layers.MultiHeadAttention(3, 2)(x, x)))
    assert most_inputs(sources_of(graph)) == 32
    assert most_followed(graph) == (1 << 30) // 4 // (3 * 1024**2 + 2 * 4096)
