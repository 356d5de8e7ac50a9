"""Operations that repeat positions or put tensors side by side along a new axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import inner_axis
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import Tensor
from pytest_paoding.engine.graph.views import View, compact, lengths_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.RepeatVector)
def repeat_vector(visit: Visit) -> View:
    """Repeats a vector along a new first axis."""
    return visit.along(visit.channels(visit.input))


@rule(*known("keras.src.ops.numpy", "Stack"))
def stack(visit: Visit) -> View | Sequence[View]:
    """Lays tensors side by side along a new axis, counted as in the output."""
    operands: Any = visit.argument(0, "x")
    axis = inner_axis(visit.layer.axis, len(visit.shape))
    if axis is None or not all(isinstance(each, Tensor) for each in operands):
        return visit.fixed("stacks along the batch, or stacks constants")
    layers = np.broadcast_arrays(*(view.labels for view in visit.inputs))
    labels = np.concatenate([np.expand_dims(each, axis) for each in layers], axis)
    return compact(visit.shape, labels)


@rule(*known("keras.src.ops.core", "Unstack"))
def unstack(visit: Visit) -> Sequence[View]:
    """Splits a tensor along an axis into one tensor for each position."""
    axis = inner_axis(visit.layer.axis, visit.input.rank)
    if axis is None:
        return visit.fixed("takes the batch apart")
    visit.whole(visit.input, (axis,), "gives one tensor for each of these positions")
    labels = visit.input.labels
    places = range(len(visit.shapes)) if labels.shape[axis] > 1 else [0] * len(visit.shapes)
    return [
        compact(shape, np.moveaxis(labels, axis, 0)[place])
        for shape, place in zip(visit.shapes, places, strict=True)
    ]


@rule(*known("keras.src.ops.numpy", "Tile"))
def tile(visit: Visit) -> View | Sequence[View]:
    """Repeats a whole tensor along each axis, the batch counted."""
    given = visit.layer.repeats
    repeats = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    inner = (1,) * (visit.input.rank + 1 - len(repeats)) + repeats
    if len(inner) > visit.input.rank + 1 or inner[0] != 1:
        return visit.fixed("repeats the batch")
    labels = visit.input.labels
    times = [1 if length == 1 else n for n, length in zip(inner[1:], labels.shape, strict=True)]
    return View(visit.shape, np.tile(labels, times))


@rule(*known("keras.src.ops.numpy", "Repeat"))
def repeat(visit: Visit) -> View | Sequence[View]:
    """Repeats each position along one axis."""
    layer, labels = visit.layer, visit.input.labels
    axis = None if layer.axis is None else inner_axis(layer.axis, visit.input.rank)
    if axis is None or not isinstance(layer.repeats, int):
        return visit.fixed("repeats the batch, or positions unequally often")
    varies = labels.shape[axis] > 1
    return View(visit.shape, np.repeat(labels, layer.repeats, axis) if varies else labels)


@rule(*known("keras.src.ops.numpy", "BroadcastTo"))
def broadcast_to(visit: Visit) -> View | Sequence[View]:
    """Broadcasts axes of length one; the target shape shrinks with the others."""
    view = visit.input
    if not visit.layer.shape:
        return visit.fixed("gives one value for the whole batch")
    if view.rank != len(visit.shape):
        return visit.fixed("adds axes before the batch")
    batch = visit.layer.shape[0]
    spread = View(visit.shape, view.labels)
    visit.sizes(spread.full(), "shape", value=lambda stay: (batch, *lengths_left(stay)))
    return spread


@rule(*known("keras.src.ops.numpy", "Pad"))
def pad(visit: Visit) -> View | Sequence[View]:
    """Pads axes along which nothing leaves."""
    changed = [
        axis
        for axis in visit.input.varying
        if len(visit.shape) != visit.input.rank or visit.shape[axis] != visit.input.shape[axis]
    ]
    if changed or len(visit.inputs) > 1:
        return visit.fixed("pads these positions")
    return View(visit.shape, visit.input.labels)
