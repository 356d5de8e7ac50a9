"""Quorums: sets of units that must keep at least one member, so that no array is emptied.

A group that keeps one unit may still empty an array that holds only some of its units, as behind a
split. Several groups may together empty an array that holds units of each and nothing else; the one
with the most units there has to keep one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import IntArray


def find_quorums(structure: Structure, membership: IntArray) -> dict[int, list[IntArray]]:
    """Return the minimal sets of classes, by group, that must keep at least one member.

    Args:
        structure: The structure.
        membership: Group of each class, -1 for one that never leaves.
    """
    sizes = np.bincount(membership[membership >= 0])
    found: dict[int, list[IntArray]] = {}
    for classes in _arrays_that_may_empty(structure, membership):
        groups, counts = np.unique(membership[classes], return_counts=True)
        keeper = int(groups[np.argmax(counts)])
        if counts.max() < sizes[keeper]:
            found.setdefault(keeper, []).append(classes[membership[classes] == keeper])
    return {group: _least(sets) for group, sets in found.items()}


def _arrays_that_may_empty(structure: Structure, membership: IntArray) -> Iterator[IntArray]:
    """Yield the classes of every tensor and weight axis that only classes of groups fill."""
    seen = set()
    views = (view.labels for view in structure.views.values())
    for labels in (*views, *(axis.classes for axis in structure.axes)):
        if (membership[labels] >= 0).all():
            classes = np.unique(labels)
            if classes.tobytes() not in seen:
                seen.add(classes.tobytes())
                yield classes


def _least(sets: list[IntArray]) -> list[IntArray]:
    """Return the minimal sets: a set that contains another keeps a member whenever that does."""
    least: list[IntArray] = []
    for classes in sorted(sets, key=len):
        if not any(np.isin(each, classes).all() for each in least):
            least.append(classes)
    return least
