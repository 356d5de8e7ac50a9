"""Tensors combined position by position, with broadcasting, or end to end."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import inner_axis
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import Tensor, constants_of
from pytest_paoding.engine.graph.views import View, compact, concatenated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.visit import Visit


@rule(
    keras.layers.Add,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
    keras.layers.Multiply,
    keras.layers.Subtract,
)
def merge(visit: Visit) -> View | Sequence[View]:
    """Joins the operands where they meet; those that meet positions of a constant stay."""
    constants = constants_of((visit.call.args, visit.call.kwargs))
    if any(_varies_with(visit, np.shape(each)) for each in constants):
        return visit.fixed("combines it with a constant")
    return meet(visit, visit.inputs)


def _varies_with(visit: Visit, shape: tuple[int, ...]) -> bool:
    """Whether a constant of a shape has positions where a tensor's positions could leave."""
    pairs = zip(shape[1:], visit.shape, strict=False)
    placed = len(shape) == len(visit.shape) + 1
    varying = {axis for view in visit.inputs for axis in view.varying}
    along = {axis for axis, (size, _) in enumerate(pairs) if size > 1}
    return bool(along & varying) if placed else prod(shape) > 1


def meet(visit: Visit, views: Sequence[View]) -> View | Sequence[View]:
    """Return the view of tensors combined position by position, with broadcasting.

    Positions that meet leave together. Nothing meets along an axis of length one that is broadcast
    against a longer one. Where two tensors are broadcast against each other (an outer product), the
    positions of the smaller stay, as the result can shrink along one axis only.
    """
    if {view.rank for view in views} != {len(visit.shape)}:
        return visit.fixed("combines tensors of different ranks")
    largest = max(views, key=lambda view: view.labels.size)
    met = []
    for view in views:
        if view is not largest and _is_spread(view, largest, visit.shape):
            visit.pin(view, "spreads it over the positions of another tensor")
        else:
            visit.join(largest.labels, view.labels)
            met.append(view.labels.shape)
    return compact(visit.shape, np.broadcast_to(largest.labels, np.broadcast_shapes(*met)))


def _is_spread(view: View, largest: View, shape: Sequence[int | None]) -> bool:
    """Whether each of two views is broadcast along every axis where the other varies."""
    single = {axis for axis, size in enumerate(view.shape) if size == 1 != shape[axis]}
    its_single = {axis for axis, size in enumerate(largest.shape) if size == 1 != shape[axis]}
    return set(largest.varying) <= single and set(view.varying) <= its_single


@rule(keras.layers.Concatenate, *known("keras.src.ops.numpy", "Concatenate"))
def concatenate(visit: Visit) -> View | Sequence[View]:
    """Lays the operands end to end."""
    operands: Any = visit.argument(0, "xs", visit.argument(0, "inputs"))
    axis = inner_axis(visit.layer.axis, len(visit.shape))
    if not all(isinstance(each, Tensor) for each in operands):
        return visit.fixed("joins a constant end to end with tensors")
    if axis is None:
        return visit.fixed("concatenates along the batch")
    if all(view.shape[axis] is not None for view in visit.inputs):
        return concatenated(visit.inputs, axis)
    if any(axis in view.varying for view in visit.inputs):
        return visit.fixed("concatenates along an axis of unknown length")
    return meet(visit, [View(visit.shape, view.labels) for view in visit.inputs])
