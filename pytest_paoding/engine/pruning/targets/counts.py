"""The number of parameters of a model, as a function of the widths of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pytest_paoding.engine.surgery.transform import axes_by_weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import IntArray


class Parameters:
    """Counts the parameters in weights that groups shrink.

    The length of an axis is the number of its positions outside all groups, plus the width of each
    group times the occurrences of one unit there.
    """

    def __init__(self, structure: Structure, groups: Sequence[Group]) -> None:
        number = np.full(structure.classes.count, len(groups))
        for index, group in enumerate(groups):
            number[group.units] = index
        self._full = np.array([group.width for group in groups])
        weights = axes_by_weight(structure)
        rank = max((len(layer.weights[index].shape) for layer, index in weights), default=1)
        self._lengths = np.ones((len(weights), rank))
        self._held = np.zeros((len(groups), len(weights), rank))
        for row, ((layer, index), axes) in enumerate(weights.items()):
            shape = layer.weights[index].shape
            self._lengths[row, : len(shape)] = shape
            for axis in axes:
                counts = np.bincount(number[axis.classes], minlength=len(groups) + 1)[:-1]
                self._held[:, row, axis.axis] = counts / np.maximum(self._full, 1)

    def count(self, widths: IntArray) -> float:
        """Return the number of parameters for widths of all groups, shape (groups,)."""
        gone = np.tensordot(self._full - widths, self._held, axes=1)
        return float((self._lengths - gone).prod(axis=1).sum())

    def saved(self, widths: IntArray, fewer: IntArray) -> npt.NDArray[np.float64]:
        """Return the parameters saved if each group alone lost some units, shape (groups,).

        Args:
            widths: Present widths, shape (groups,).
            fewer: Number of units each group would lose, shape (groups,).
        """
        lengths = self._lengths - np.tensordot(self._full - widths, self._held, axes=1)
        after = lengths - fewer[:, None, None] * self._held
        saved: npt.NDArray[np.float64] = lengths.prod(axis=1).sum() - after.prod(axis=2).sum(axis=1)
        return saved
