"""Quantized layers: their weights are codes and scales, of which no unit can be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph

REMEDY = "prune the model before quantizing it"


def quantization_of(operation: Any) -> str | None:
    """Return how a layer, or one inside it, is quantized, such as `int8`; None if it is not.

    Keras quantizes what is inside a layer, of attention for example, and leaves that as it is.
    """
    inside = operation._flatten_layers() if isinstance(operation, keras.Layer) else ()  # noqa: SLF001 # no public name
    modes = (getattr(each, "quantization_mode", None) for each in inside)
    return next((str(mode) for mode in modes if mode), None)


def quantized_layers(graph: Graph) -> dict[str, tuple[str, int]]:
    """Return how each quantized layer with weights is, and how many units it gives, by name."""
    found: dict[Any, tuple[str, tuple[str, int]]] = {}
    for call in graph.calls:
        layer = call.operation
        mode = quantization_of(layer)
        if mode is not None and layer.weights and layer not in found:
            found[layer] = (call.name, (mode, (call.outputs[0].shape or (1,))[-1] or 0))
    return dict(found.values())
