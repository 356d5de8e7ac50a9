"""Allocation: the width of each group, for as many parameters as a uniform ratio would keep.

The change that shrinking each group alone makes is measured beforehand; parameters, or what else a
target counts, are then removed, step by step, where the next ones change least.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.pruning.targets.counts import Counts

_STEPS = 32  # steps from full width to none


@dataclass(frozen=True, slots=True)
class CostCurve:
    """The cost of shrinking one group alone.

    Attributes:
        removed: Numbers of units removed, ascending from 0, shape (points,).
        change: Squared change of the outputs relative to their variance, by kind of inputs, never
            falling, shape (kinds, points).
    """

    removed: IntArray
    change: npt.NDArray[np.float64]

    def at(self, removed: float, kind: int) -> float:
        """Return the change for a number of units removed."""
        return float(np.interp(removed, self.removed, self.change[kind]))

    def worst(self, removed: float) -> float:
        """Return the change of the outputs as a share of their deviation, of the worst kind."""
        return sqrt(max(self.at(removed, kind) for kind in range(len(self.change))))


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """The data of an allocation.

    Attributes:
        curves: The cost of shrinking each group.
        most: Maximum width of each group, shape (groups,).
        least: Minimum width of each group, shape (groups,).
        counts: Counts the parameters, or what else is saved, for given widths.
    """

    curves: Sequence[CostCurve]
    most: IntArray
    least: IntArray
    counts: Counts


def allocate(costs: Costs, uniform: IntArray, share: float, limit: float | None = None) -> IntArray:
    """Return widths with as many parameters as uniform ones, up to those of one unit.

    Args:
        costs: The data to weigh.
        uniform: Widths by the ratio that was asked for.
        share: Position between the uniform widths (0) and the cheapest ones (1).
        limit: The count to come down to, unless it is that of the uniform widths.
    """
    target = costs.counts.count(uniform) if limit is None else limit
    kinds = range(len(costs.curves[0].change))
    plans = [costs.most - _cheapest(costs, target, kind) for kind in kinds]
    removed = share * np.mean(plans, axis=0) + (1 - share) * (costs.most - uniform)
    return _fitted(costs, removed, target)


def _cheapest(costs: Costs, target: float, kind: int) -> IntArray:
    """Shrink, step by step, the group with the least further change for each parameter saved."""
    widths = costs.most.copy()
    steps = np.maximum(1, widths // _STEPS)
    while costs.counts.count(widths) > target:
        fewer = np.minimum(steps, widths - costs.least)
        saved = costs.counts.saved(widths, fewer)
        rise = [
            curve.at(now + more, kind) - curve.at(now, kind)
            for curve, now, more in zip(costs.curves, costs.most - widths, fewer, strict=True)
        ]
        price = (np.array(rise) + 1e-7) / np.maximum(saved, 1e-9)
        price[(fewer <= 0) | (saved <= 0)] = np.inf
        chosen = int(np.argmin(price))
        if not np.isfinite(price[chosen]):
            break
        widths[chosen] -= fewer[chosen]
    return widths


def _fitted(costs: Costs, removed: npt.NDArray[np.float64], target: float) -> IntArray:
    """Scale the numbers removed until the parameters just reach the target."""

    def widths(factor: float) -> IntArray:
        gone = np.minimum(costs.most - costs.least, (factor * removed).round())
        left: IntArray = (costs.most - gone).astype(np.int64)
        return left

    low, high = 0.0, 4.0
    for _ in range(40):
        middle = (low + high) / 2
        if costs.counts.count(widths(middle)) > target:
            low = middle
        else:
            high = middle
    return widths(high)
