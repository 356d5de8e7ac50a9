"""Labels on positions, joined into classes: what must leave a model together.

Every position of an axis that could shrink carries an integer label. Labels are issued where units
are produced, joined where tensors meet, and pinned where a position may not leave. All positions of
an equivalence class of labels, in every weight and tensor, go or stay together.

Joining only records pairs; `Labels.resolve` finds the classes of all labels at once by hooking each
label to the smallest one it is joined with and jumping pointers, O((n + m) log n) for n labels and
m pairs, without a Python loop over labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Classes:
    """The equivalence classes of all labels issued so far.

    Attributes:
        of: Class of each label, shape (labels,), numbered 0.. in the order of their least label.
        count: Number of classes.
        reasons: Reason why each class is pinned; None for one that is free.
        free: Mask of the classes that may leave, shape (classes,).
    """

    of: IntArray
    count: int
    reasons: tuple[str | None, ...]
    free: BoolArray

    def __repr__(self) -> str:
        """Return the numbers of labels, of classes and of free classes."""
        free = int(np.count_nonzero(self.free))
        return f"<Classes: {len(self.of)} labels in {self.count} classes, {free} free>"

    def marked(self, labels: IntArray) -> IntArray:
        """Return the class of each label, -1 for a pinned one."""
        classes = self.of[labels]
        return np.where(self.free[classes], classes, -1)


class Labels:
    """Issues labels, records joins and pins, and resolves them into classes."""

    def __init__(self) -> None:
        self._issued = 0
        self._root: IntArray = np.empty(0, np.int64)  # from the last `resolve`
        self._pairs: list[tuple[IntArray, IntArray]] = []  # joined since then
        self._pins: list[tuple[IntArray, str]] = []

    def issue(self, count: int) -> IntArray:
        """Return `count` fresh labels, shape (count,)."""
        start = self._issued
        self._issued += count
        return np.arange(start, self._issued, dtype=np.int64)

    def join(self, first: IntArray, second: IntArray) -> None:
        """Record that the labels of two arrays, broadcast to one shape, leave together."""
        left, right = np.broadcast_arrays(first, second)
        self._pairs.append((left.ravel(), right.ravel()))

    def pin(self, labels: IntArray, reason: str) -> None:
        """Record that `labels` may not leave; the last reason for a class is kept."""
        self._pins.append((np.unique(labels), reason))

    def resolve(self) -> Classes:
        """Return the classes of all labels issued so far."""
        self._join_roots()
        least, of = np.unique(self._root, return_inverse=True)
        reasons: list[str | None] = [None] * len(least)
        for labels, reason in self._pins:
            for number in np.unique(of[labels]):
                reasons[number] = reason
        free = np.array([reason is None for reason in reasons], bool)
        return Classes(of.astype(np.int64), len(least), tuple(reasons), free)

    def _join_roots(self) -> None:
        """Point every label at the least label of its class, starting from the last result."""
        known = len(self._root)
        root = np.concatenate([self._root, np.arange(known, self._issued, dtype=np.int64)])
        first, second = _concatenate(self._pairs)
        while not np.array_equal(root[first], root[second]):
            low = np.minimum(root[first], root[second])
            high = np.maximum(root[first], root[second])
            np.minimum.at(root, high, low)
            root = _jump(root)
        self._root, self._pairs = root, []


def _concatenate(pairs: Sequence[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    empty = np.empty(0, np.int64)
    first = np.concatenate([empty, *(left for left, _ in pairs)])
    second = np.concatenate([empty, *(right for _, right in pairs)])
    return first, second


def _jump(root: IntArray) -> IntArray:
    """Point every label at the end of its chain of pointers."""
    while True:
        further = root[root]
        if np.array_equal(further, root):
            return root
        root = further
