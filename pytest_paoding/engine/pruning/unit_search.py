"""The search of a strategy in one group: the units left, and their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pytest_paoding.engine.execution.working import key_of
from pytest_paoding.engine.surgery.transform import TakeOver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.groups import Group, Sites
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray


class UnitSearch:
    """One group in the course of a search: the units left, and their weights.

    Attributes:
        group: The group.
        weights: The working copies, shared by all groups of a model.
        delegates: Unit that has taken over for each: itself while it is left, -1 where it went
            without a delegate; shape (units,).
    """

    def __init__(self, group: Group, weights: WorkingWeights) -> None:
        self.group = group
        self.weights = weights
        self.delegates: IntArray = np.arange(group.width, dtype=np.int64)

    @property
    def mask(self) -> BoolArray:
        """Mask of the rows of `group.units` that are left."""
        return np.equal(self.delegates, np.arange(len(self.delegates)))

    @property
    def left(self) -> IntArray:
        """Rows of `group.units` that are left, ascending."""
        return np.flatnonzero(self.mask)

    @property
    def free(self) -> IntArray:
        """Rows that may still go, ascending: all left but the last of each quorum."""
        return self.left[self.group.may_go(self.mask, self.left)]

    @property
    def gone(self) -> int:
        """Number of units removed."""
        return len(self.delegates) - len(self.left)

    def remove(self, removed: IntArray, delegates: IntArray | None = None) -> None:
        """Remove units, with a delegate for each (-1 for none) or without any."""
        rows = np.full(len(removed), -1) if delegates is None else delegates
        for sites in self.group.contracted:
            takeover = TakeOver.merging(sites, removed, rows)
            self.weights.rewrite(key_of(sites), sites.axis.axis, takeover.carry_out)
        self.delegates[removed] = rows

    def final_delegates(self) -> IntArray:
        """Return the unit that takes over for each in the end, -1 for none, shape (units,).

        A delegate may have been removed itself in a later round: pointers are followed to the end.
        """
        rows = np.append(self.delegates, -1)  # so that -1 points at itself
        while not np.array_equal(rows, rows[rows]):
            rows = rows[rows]
        return rows[:-1]

    def scale(self) -> npt.NDArray[np.float64]:
        """Return the scale of every unit: the sum of |w| over its filters, shape (units,).

        All kernels that produce the group count; biases and other weights that carry it do not.
        """
        producers = {producer.layer for producer in self.group.producers}
        total = np.zeros(self.group.width)
        for sites in self.group.carried:
            kernel = self.weights[key_of(sites)]
            if sites.axis.layer in producers and kernel.ndim > 1:
                total += _magnitude(kernel, sites)
        return total

    def outgoing(self) -> Iterable[FloatArray]:
        """Yield the weights of each reader on each unit, shape (units, weights)."""
        for sites in self.group.contracted:
            rows = np.moveaxis(self.weights[key_of(sites)], sites.axis.axis, 0)
            yield rows[sites.positions].reshape(self.group.width, -1)


def _magnitude(kernel: FloatArray, sites: Sites) -> npt.NDArray[np.float64]:
    others = tuple(axis for axis in range(kernel.ndim) if axis != sites.axis.axis)
    along: npt.NDArray[np.float64] = np.abs(kernel).sum(axis=others, dtype=np.float64)
    total: npt.NDArray[np.float64] = along[sites.positions].sum(axis=1)
    return total
