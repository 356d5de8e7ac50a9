"""Normalisations that stand right behind a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph


def norm_behind(graph: Graph, layer: Any) -> Any | None:
    """Return the BatchNormalization that alone reads a layer's one output, both called once."""
    calls = [call for call in graph.calls if call.operation is layer]
    if len(calls) != 1 or layer.activation is not keras.activations.linear:
        return None
    (output,) = calls[0].outputs
    readers = [call.operation for call in graph.calls if output in call.inputs]
    if len(readers) != 1 or output in graph.outputs:
        return None
    once = sum(call.operation is readers[0] for call in graph.calls) == 1
    alone = type(readers[0]) is keras.layers.BatchNormalization and once
    return readers[0] if alone else None
