"""A view: the labels of one tensor, and the data movements that are executed on them.

A view's label array has one axis per axis of the tensor, the batch left out, and is broadcastable
to the tensor's shape: an axis along which the labels do not vary has length one. Flatten, reshape,
transpose and concatenate run on the label array itself, so no movement needs an index map.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray, Shape


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class View:
    """The labels of one tensor.

    Attributes:
        shape: The tensor's shape without the batch; None where a length is not fixed.
        labels: Label array of the same rank, each axis of length one or that of the tensor.
    """

    shape: Shape
    labels: IntArray

    def __post_init__(self) -> None:
        """Refuse labels that do not broadcast to the shape."""
        pairs = zip(self.labels.shape, self.shape, strict=True)
        if any(length not in (1, size) for length, size in pairs):
            raise RuleError(f"labels of shape {self.labels.shape} do not fit {self.shape}")

    def __repr__(self) -> str:
        """Return the shape, and the axes along which the labels vary."""
        return f"<View of {self.shape}, labels vary along axes {self.varying}>"

    @classmethod
    def along(cls, shape: Shape, labels: IntArray, axis: int) -> View:
        """Return the view of a tensor whose labels vary along `axis` only.

        Args:
            shape: The tensor's shape without the batch.
            labels: One label per position of that axis, shape (shape[axis],).
            axis: The axis, negative from the end.
        """
        lengths = [1] * len(shape)
        lengths[axis] = len(labels)
        return cls(shape, labels.reshape(lengths))

    @property
    def rank(self) -> int:
        """Number of axes, the batch left out."""
        return len(self.shape)

    @property
    def varying(self) -> tuple[int, ...]:
        """The axes along which the labels vary."""
        return tuple(axis for axis, length in enumerate(self.labels.shape) if length > 1)

    def full(self) -> IntArray:
        """Return the labels at the tensor's full shape.

        Axes of unknown length keep length one: labels never vary along them.
        """
        return np.broadcast_to(self.labels, tuple(size or 1 for size in self.shape))

    def permuted(self, order: Sequence[int]) -> View:
        """Return the view after a transpose; `order` counts the axes from 0 without the batch."""
        return View(tuple(self.shape[axis] for axis in order), self.labels.transpose(order))

    def reshaped(self, shape: Shape) -> View:
        """Return the view after a reshape to a known `shape` of as many positions.

        Raises:
            ValueError: A length is unknown, before or after, or the numbers of positions differ.
        """
        if None in self.shape or None in shape:
            raise RuleError("a length is unknown")
        sizes = tuple(size for size in shape if size is not None)
        if prod(sizes) != self.full().size:
            raise RuleError(f"{self.shape} cannot take the shape {shape}")
        return compact(shape, self.full().reshape(sizes))


def first_along(labels: IntArray, axes: Sequence[int]) -> IntArray:
    """Return the labels of the first positions along `axes`, which then have length one."""
    return labels[tuple(slice(1 if axis in axes else None) for axis in range(labels.ndim))]


def kept_along(stay: BoolArray) -> tuple[BoolArray, ...]:
    """Return a mask of the positions that stay along each axis.

    Args:
        stay: Mask of the positions of an array that stay; rectangular.
    """
    rows = (np.moveaxis(stay, axis, 0).reshape(stay.shape[axis], -1) for axis in range(stay.ndim))
    return tuple(np.any(each, axis=1) for each in rows)


def lengths_left(stay: BoolArray) -> tuple[int, ...]:
    """Return the length that is left of each axis."""
    return tuple(int(np.count_nonzero(kept)) for kept in kept_along(stay))


def compact(shape: Shape, labels: IntArray) -> View:
    """Return a view in which every axis along which `labels` are constant has length one."""
    for axis in range(labels.ndim):
        head = labels.take([0], axis) if labels.shape[axis] else labels
        if (labels == head).all():
            labels = head
    return View(shape, labels)


def concatenated(views: Sequence[View], axis: int) -> View:
    """Return the view of tensors joined end to end along `axis` (the batch not counted)."""
    axis %= views[0].rank
    parts = [_stretched(view, axis) for view in views]
    lengths = np.broadcast_shapes(*(part.shape[:axis] + part.shape[axis + 1 :] for part in parts))
    whole = [
        np.broadcast_to(part, (*lengths[:axis], part.shape[axis], *lengths[axis:]))
        for part in parts
    ]
    labels = np.concatenate(whole, axis)
    return compact(_joined_shape(views, axis), labels)


def _stretched(view: View, axis: int) -> IntArray:
    """Return the labels at full length along `axis`."""
    lengths = list(view.labels.shape)
    lengths[axis] = view.shape[axis] or 1
    return np.broadcast_to(view.labels, lengths)


def _joined_shape(views: Sequence[View], axis: int) -> Shape:
    sizes = [view.shape[axis] for view in views]
    known = [size for size in sizes if size is not None]
    shape = list(views[0].shape)
    shape[axis] = sum(known) if len(known) == len(sizes) else None
    return tuple(shape)
