"""Layers and operations that rearrange positions, executed on the labels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import channels_first, inner_axes
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.views import View, lengths_left

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.Flatten)
def flatten(visit: Visit) -> View | Sequence[View]:
    """Lays all positions along one axis, channels last whatever the data format."""
    view = visit.input
    if view.rank > 1 and channels_first(visit.layer):
        view = view.permuted((*range(1, view.rank), 0))
    return _reshaped(visit, view) or visit.fixed("flattens axes of unknown length")


@rule(keras.layers.Reshape)
def reshape(visit: Visit) -> View | Sequence[View]:
    """Keeps the order of positions; the target shape shrinks with each axis."""
    return _to_target(visit, "target_shape", (), visit.layer.target_shape)


@rule(*known("keras.src.ops.numpy", "Reshape"))
def reshape_operation(visit: Visit) -> View | Sequence[View]:
    """Reshapes as the layer does, with the batch in its target."""
    if not visit.layer.newshape:
        return visit.fixed("gives one value for the whole batch")
    batch, *target = visit.layer.newshape
    return _to_target(visit, "newshape", (batch,), target)


@rule(keras.layers.Permute)
def permute(visit: Visit) -> View:
    """Permutes the axes; `dims` counts them from 1, after the batch."""
    return visit.input.permuted([axis - 1 for axis in visit.layer.dims])


@rule(*known("keras.src.ops.numpy", "Moveaxis", "Swapaxes", "Transpose"))
def transpose(visit: Visit) -> View | Sequence[View]:
    """Permutes the axes, the batch among them."""
    order = _order(visit.layer, visit.input.rank + 1)
    if order[0] != 0:
        return visit.fixed("moves the batch")
    return visit.input.permuted([axis - 1 for axis in order[1:]])


@rule(*known("keras.src.ops.numpy", "ExpandDims"))
def expand_dims(visit: Visit) -> View | Sequence[View]:
    """Adds axes of length one, counted as in the output."""
    axes = inner_axes(visit.layer.axis, len(visit.shape))
    if axes is None:
        return visit.fixed("adds an axis before the batch")
    return View(visit.shape, np.expand_dims(visit.input.labels, axes))


@rule(*known("keras.src.ops.numpy", "Squeeze"))
def squeeze(visit: Visit) -> View | Sequence[View]:
    """Removes axes of length one, but none that a cut makes that short."""
    view, axes = visit.input, visit.layer.axis
    if axes is None:
        found = [axis + 1 for axis, size in enumerate(view.shape) if size == 1]
        axes = found[0] if len(found) == 1 else tuple(found)
        visit.sizes(view.labels, "axis", value=lambda _: axes)
    inner = inner_axes(axes, view.rank)
    if inner is None:
        return visit.fixed("removes the batch")
    return View(visit.shape, np.squeeze(view.labels, inner))


@rule(*known("keras.src.ops.numpy", "Flip"))
def flip(visit: Visit) -> View | Sequence[View]:
    """Reverses the order along some axes."""
    axes = inner_axes(visit.layer.axis, visit.input.rank)
    if axes is None:
        return visit.fixed("reverses the batch")
    return View(visit.shape, np.flip(visit.input.labels, axes))


def _order(operation: Any, rank: int) -> list[int]:
    """Return the old number of the axis at each new place, the batch counted."""
    axes = list(range(rank))
    if hasattr(operation, "axis1"):
        one, two = operation.axis1, operation.axis2
        axes[one], axes[two] = axes[two], axes[one]
        return axes
    if hasattr(operation, "source"):
        moved = np.moveaxis(np.empty(axes), operation.source, operation.destination)
        return list(moved.shape)  # an array whose lengths are the numbers of its axes
    return axes[::-1] if operation.axes is None else [axes[axis] for axis in operation.axes]


def _to_target(
    visit: Visit, field: str, head: tuple[int, ...], target: Sequence[int]
) -> View | Sequence[View]:
    """Return the view after a reshape whose target stands in the configuration."""
    view = _reshaped(visit, visit.input)
    if view is None:
        return visit.fixed("moves axes of unknown length, or the batch")
    visit.sizes(view.full(), field, value=lambda stay: (*head, *_lengths(stay, target)))
    return view


def _reshaped(visit: Visit, view: View) -> View | None:
    """Return the view after a reshape to the output's shape; None where a length is unknown.

    Where the last axis keeps its length, its positions stay in place, whatever happens to the axes
    before it, the batch included.
    """
    if not view.varying:
        return View(visit.shape, view.labels.reshape((1,) * len(visit.shape)))
    if view.varying == (view.rank - 1,) and view.shape[-1] == visit.shape[-1]:
        return visit.along(visit.channels(view))
    try:
        return view.reshaped(visit.shape)
    except ValueError:
        return None


def _lengths(stay: BoolArray, target: Sequence[int]) -> tuple[int, ...]:
    """Return the new target: -1 stays, and so do lengths along which nothing leaves."""
    left = lengths_left(stay)
    return tuple(
        given if given == -1 or now == before else now
        for given, now, before in zip(target, left, stay.shape, strict=True)
    )
