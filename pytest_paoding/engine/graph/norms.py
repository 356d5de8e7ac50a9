"""Normalisations that have recorded statistics of what they read, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph


def is_norm(call: Call) -> bool:
    """Whether a call has recorded the mean and deviation of what it reads."""
    return type(call.operation) is keras.layers.BatchNormalization


def has_recorded(graph: Graph) -> bool:
    """Whether a model has recorded statistics anywhere."""
    return any(map(is_norm, graph.calls))


def norm_behind(graph: Graph, layer: Any) -> Any | None:
    """Return the BatchNormalization that alone reads a layer's one output, both called once."""
    calls = graph.calls_of(layer)
    activation = getattr(layer, "activation", None)
    if len(calls) != 1 or activation is not keras.activations.linear:
        return None
    (output,) = calls[0].outputs
    readers = graph.readers(output)
    if len(readers) != 1 or output in graph.outputs:
        return None
    norm = readers[0].operation
    return norm if is_norm(readers[0]) and len(graph.calls_of(norm)) == 1 else None
