"""Settling: widths that are allowed, as near as can be to a target's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.widths.allocation import Costs


class Settling:
    """Moves the numbers of units that go until they are allowed and just within a limit.

    Units go, a step at a time, where the next ones change least for what they save, until the limit
    holds; then those for which there is room come back, where they matter most.
    """

    def __init__(self, costs: Costs, limit: float, rounded: Callable[[int, int], int]) -> None:
        """Take the data to weigh, and what is allowed.

        Args:
            costs: The data to weigh.
            limit: The greatest count.
            rounded: Returns, for the index of a group and a number of units, the largest number up
                to it that may leave the group.
        """
        self._costs = costs
        self._limit = limit
        self._rounded = rounded

    def settle(self, widths: IntArray) -> IntArray:
        """Return the widths, shape (groups,), that are reached from given ones."""
        free = self._costs.most > self._costs.least
        gone = [self._rounded(*each) for each in enumerate((self._costs.most - widths).tolist())]
        begin = np.where(free, gone, self._costs.most - widths)
        settled: IntArray = self._costs.most - self._grown(self._shrunk(begin))
        return settled

    def _shrunk(self, gone: IntArray) -> IntArray:
        while self._count(gone) > self._limit:
            more = np.array([self._more(*each) for each in enumerate(gone.tolist())])
            if not (more > gone).any():
                break
            price = np.where(more > gone, self._price(gone, more), np.inf)
            gone = _with(gone, more, int(np.argmin(price)))
        return gone

    def _grown(self, gone: IntArray) -> IntArray:
        while True:
            fewer = np.array([self._fewer(*each) for each in enumerate(gone.tolist())])
            room = self._limit - self._count(gone)
            able: BoolArray = (fewer < gone) & (-self._saved(gone, fewer) <= room)
            if not able.any():
                return gone
            price = np.where(able, self._price(gone, fewer), -np.inf)
            gone = _with(gone, fewer, int(np.argmax(price)))

    def _more(self, index: int, gone: int) -> int:
        """Return the next number of units that may go, the same if there is none."""
        last = int(self._costs.most[index] - self._costs.least[index])
        allowed = (each for each in range(gone + 1, last + 1) if self._rounded(index, each) == each)
        return next(allowed, gone)

    def _fewer(self, index: int, gone: int) -> int:
        if not gone or self._costs.most[index] == self._costs.least[index]:
            return gone
        return self._rounded(index, gone - 1)

    def _count(self, gone: IntArray) -> float:
        return self._costs.counts.count(self._costs.most - gone)

    def _saved(self, gone: IntArray, after: IntArray) -> npt.NDArray[np.float64]:
        return self._costs.counts.saved(self._costs.most - gone, after - gone)

    def _price(self, gone: IntArray, after: IntArray) -> npt.NDArray[np.float64]:
        """Return how much the outputs change for each unit of cost between two numbers."""
        rise = [
            sum(curve.at(new, kind) - curve.at(old, kind) for kind in range(len(curve.change)))
            for curve, old, new in zip(self._costs.curves, gone, after, strict=True)
        ]
        saved = np.maximum(np.abs(self._saved(gone, after)), 1e-9)
        price: npt.NDArray[np.float64] = (np.abs(rise) + 1e-7) / saved
        return price


def _with(gone: IntArray, other: IntArray, index: int) -> IntArray:
    after = gone.copy()
    after[index] = other[index]
    return after
