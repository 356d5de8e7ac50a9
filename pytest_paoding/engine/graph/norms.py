"""Normalisations that stand right behind a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph


def norm_behind(graph: Graph, layer: Any) -> Any | None:
    """Return the BatchNormalization that alone reads a layer's one output, both called once."""
    calls = graph.calls_of(layer)
    if len(calls) != 1 or layer.activation is not keras.activations.linear:
        return None
    (output,) = calls[0].outputs
    readers = graph.readers(output)
    if len(readers) != 1 or output in graph.outputs:
        return None
    norm = readers[0].operation
    alone = type(norm) is keras.layers.BatchNormalization and len(graph.calls_of(norm)) == 1
    return norm if alone else None
