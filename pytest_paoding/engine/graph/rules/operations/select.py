"""Operations that take part of a tensor, by bounds that change when positions leave."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.graph.axes import inner_axis
from pytest_paoding.engine.graph.rules.registry import known, rule
from pytest_paoding.engine.graph.trace import Tensor
from pytest_paoding.engine.graph.views import View, compact, kept_along

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray, NewValue
    from pytest_paoding.engine.graph.visit import Visit

Key: TypeAlias = "slice | int | None"


@rule(*known("keras.src.ops.numpy", "Split"))
def split(visit: Visit) -> Sequence[View]:
    """Cuts an axis into parts, which need not shrink alike."""
    layer, view = visit.layer, visit.input
    axis = inner_axis(layer.axis, view.rank)
    if axis is None:
        return visit.fixed("splits the batch")
    if axis not in view.varying:
        return [View(shape, view.labels) for shape in visit.shapes]
    bounds = _bounds(layer.indices_or_sections, view.labels.shape[axis])
    visit.sizes(view.labels, "indices_or_sections", value=_moved_bounds(bounds, axis))
    parts = np.split(view.labels, bounds, axis)
    return [compact(shape, part) for shape, part in zip(visit.shapes, parts, strict=True)]


@rule(*known("keras.src.ops.nn", "Glu"))
def gated_halves(visit: Visit) -> View | Sequence[View]:
    """Multiplies one half of an axis by a gate from the other: both shrink alike."""
    view = visit.input
    axis = inner_axis(visit.layer.axis, view.rank)
    if axis is None:
        return visit.fixed("splits the batch")
    if axis not in view.varying:
        return View(visit.shape, view.labels)
    first, second = np.split(view.labels, 2, axis)
    visit.join(first, second)
    return compact(visit.shape, first)


@rule(*known("keras.src.ops.numpy", "GetItem"))
def get_item(visit: Visit) -> View | Sequence[View]:
    """Slices: `x[..., 2:6]` becomes `x[..., 1:4]` when positions 0 and 3 leave."""
    view = visit.input
    keys = _inner_keys(visit.argument(1, "key"), view.rank)
    if keys is None:
        return visit.fixed("selects from the batch, or by an index that is no slice")
    for axis, key in keys:
        if axis in view.varying:
            _hold_to(visit, axis, key)
    local = tuple(_within(key, view.labels.shape[axis]) for axis, key in keys)
    visit.rewrites(visit.key(1, "key"), view.labels, _moved_keys(keys))
    return compact(visit.shape, view.labels[local])


@rule(*known("keras.src.ops.numpy", "Take"))
def take(visit: Visit) -> View | Sequence[View]:
    """Gathers positions by a constant list of indices."""
    layer, view = visit.layer, visit.input
    axis = None if layer.axis is None else inner_axis(layer.axis, view.rank)
    given: Any = visit.argument(1, "indices")
    if axis is None or isinstance(given, Tensor) or np.ndim(given) != 1:
        return visit.fixed("gathers by indices that are computed, or from the batch")
    if axis not in view.varying:
        return View(visit.shape, view.labels)
    indices = np.asarray(given) % view.labels.shape[axis]
    visit.rewrites(visit.key(1, "indices"), view.labels, _moved_indices(indices, axis))
    return compact(visit.shape, view.labels.take(indices, axis))


def _bounds(given: Any, length: int) -> list[int]:
    """Return the bounds of a split, given as such or as a number of equal parts."""
    if isinstance(given, int):
        return [length // given * part for part in range(1, given)]
    return [int(bound) for bound in given]


def _left_of(bound: int, kept: BoolArray) -> int:
    """Return the number of positions that stay before `bound`."""
    return int(np.count_nonzero(kept[:bound]))


def _moved_bounds(bounds: Sequence[int], axis: int) -> NewValue:
    return lambda stay: [_left_of(bound, kept_along(stay)[axis]) for bound in bounds]


def _moved_indices(indices: IntArray, axis: int) -> NewValue:
    def value(stay: BoolArray) -> IntArray:
        kept = kept_along(stay)[axis]
        places = np.cumsum(kept, dtype=indices.dtype) - 1
        return places[indices[kept[indices]]]

    return value


def _inner_keys(given: Any, rank: int) -> list[tuple[int, Key]] | None:
    """Return the key of each axis without the batch; a new axis counts as the axis before it.

    None for a key that does not take the batch whole, or has more than slices and numbers.
    """
    keys = list(given) if isinstance(given, (tuple, list)) else [given]
    if any(not isinstance(key, (slice, int, np.integer, type(None), EllipsisType)) for key in keys):
        return None
    missing = rank + 1 - sum(key is not None and key is not ... for key in keys)
    at = keys.index(...) if ... in keys else len(keys)
    batch, *inner = keys[:at] + [slice(None)] * missing + keys[at + 1 :]
    if batch != slice(None):
        return None
    axes = np.cumsum([key is not None for key in inner]) - 1
    return [(max(int(axis), 0), key) for axis, key in zip(axes, inner, strict=True)]


def _hold_to(visit: Visit, axis: int, key: Key) -> None:
    """Pin the positions a key needs: that of a number, all of an axis for a slice with a step."""
    labels = visit.input.labels
    if isinstance(key, slice):
        if key.step not in (None, 1):
            visit.whole(visit.input, (axis,), "selects some of these positions")
    elif key is not None:
        visit.pin(labels.take(key % labels.shape[axis], axis), "selects this position")


def _within(key: Key, length: int) -> Key:
    """Return the key for labels, whose length is one along an axis where they do not vary."""
    if key is None or length > 1:
        return key
    return slice(None) if isinstance(key, slice) else 0


def _moved_keys(keys: Sequence[tuple[int, Key]]) -> NewValue:
    def value(stay: BoolArray) -> tuple[Key, ...]:
        kept = kept_along(stay)
        return (slice(None), *(_moved_key(key, kept[axis]) for axis, key in keys))

    return value


def _moved_key(key: Key, kept: BoolArray) -> Key:
    """Return the key that selects those of the same positions that stay."""
    if key is None or kept.all() or key == slice(None):
        return key
    if not isinstance(key, slice):
        return _left_of(key % len(kept), kept)
    start, stop, _ = key.indices(len(kept))
    return slice(_left_of(start, kept), _left_of(stop, kept))
