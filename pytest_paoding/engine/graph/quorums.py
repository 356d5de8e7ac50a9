"""Quorums: sets of units of which one must stay, so that no array is emptied.

That a group keeps one unit is not enough where an array holds only some of its units, as behind a
split; nor where an array holds units of several groups and nothing else, of which one group is
charged with keeping one there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import IntArray


def find_quorums(structure: Structure, membership: IntArray) -> dict[int, list[IntArray]]:
    """Return for each group the sets of classes of which one must stay, the least sets only.

    Args:
        structure: The structure.
        membership: Group of each class, -1 for those that never leave.
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
    """Yield the classes of every tensor and weight axis that has none but those of groups."""
    seen = set()
    views = (view.labels for view in structure.views.values())
    for labels in (*views, *(axis.classes for axis in structure.axes)):
        if (membership[labels] >= 0).all():
            classes = np.unique(labels)
            if classes.tobytes() not in seen:
                seen.add(classes.tobytes())
                yield classes


def _least(sets: list[IntArray]) -> list[IntArray]:
    """Return the sets that contain no other, for those that do keep one with it."""
    least: list[IntArray] = []
    for classes in sorted(sets, key=len):
        if not any(np.isin(each, classes).all() for each in least):
            least.append(classes)
    return least
