"""The work of a model, counted as `evaluate` does."""

from __future__ import annotations

from typing import Any

import keras

from pytest_paoding.engine.execution.work import UnknownWorkError, flops
from pytest_paoding.engine.graph.functional import read_graph


def work(model: Any) -> int | None:
    """Return the floating-point operations of a sample; None where they are not known."""
    try:
        return flops(read_graph(model))
    except UnknownWorkError:
        return None


def graph_of(layer: Any, *shape: int) -> Any:
    """Return the graph of one layer on one input of a shape without the batch."""
    inputs = keras.Input(shape)
    return read_graph(keras.Model(inputs, layer(inputs)))


class SelfAttention:
    """Calls a layer on the input as query, value and key."""

    def __init__(self, layer: Any, *, key: bool = False, listed: bool = True) -> None:
        self.layer, self.key, self.listed = layer, key, listed

    def __call__(self, inputs: Any) -> Any:
        if self.listed:
            return self.layer([inputs, inputs, inputs] if self.key else [inputs, inputs])
        return self.layer(inputs, inputs, key=inputs) if self.key else self.layer(inputs, inputs)
