"""Wrappers: they apply the rule of the layer inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.graph.rules.registry import rule
from pytest_paoding.engine.graph.trace import tensors_of
from pytest_paoding.engine.graph.views import View, concatenated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.TimeDistributed)
def time_distributed(visit: Visit) -> Sequence[View]:
    """Applies a layer to every step along the first axis."""
    layer = visit.layer.layer
    if is_nested(layer):
        return visit.fixed("wraps a model, which can only be pruned by itself")
    _keep_mask(visit)
    view = visit.input
    if 0 in view.varying:
        visit.join(view.labels[1:], view.labels[:1])
    step = View(view.shape[1:], view.labels[0])
    shapes = [shape[1:] for shape in visit.shapes]
    found = visit.hand_on(layer, "layer", "config", inputs=[step], shapes=shapes)
    outcome = zip(visit.shapes, found, strict=True)
    return [View(shape, inner.labels[None]) for shape, inner in outcome]


@rule(keras.layers.Bidirectional)
def bidirectional(visit: Visit) -> Sequence[View]:
    """Labels two recurrent layers of equal width, as Keras demands: units go in pairs."""
    layer = visit.layer
    if tensors_of(visit.argument(1, "initial_state")) or layer.stateful:
        return visit.fixed("is given states, or keeps them")
    _keep_mask(visit)
    directions = []
    for path, inner in (("layer", layer.forward_layer), ("backward_layer", layer.backward_layer)):
        shapes = _inner_shapes(inner, visit.input)
        found = visit.hand_on(inner, path, "config", inputs=[visit.input], shapes=shapes)
        directions.append(found)
    if [view.shape for view in directions[0]] != [view.shape for view in directions[1]]:
        return visit.fixed("has unequal numbers of units in its two directions")
    for forward, backward in zip(*directions, strict=True):
        visit.join(forward.labels, backward.labels)
    forward, backward = directions
    merged = [forward[0]]
    if layer.merge_mode == "concat":
        merged = [concatenated([forward[0], backward[0]], -1)]
    elif layer.merge_mode is None:
        merged = [forward[0], backward[0]]
    return [*merged, *forward[1:], *backward[1:]]


def _keep_mask(visit: Visit) -> None:
    """Pin what decides which steps count."""
    for tensor in tensors_of(visit.call.kwargs.get("mask")):
        visit.pin(visit.view(tensor), "is masked by it")


def _inner_shapes(layer: Any, view: View) -> list[tuple[int | None, ...]]:
    """Return the shapes of a recurrent layer's outputs without the batch."""
    found = layer.compute_output_shape((None, *view.shape))
    return [tuple(shape[1:]) for shape in (found if layer.return_state else [found])]
