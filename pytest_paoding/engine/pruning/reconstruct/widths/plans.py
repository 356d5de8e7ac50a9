"""Plans: which units may go, by one allocation or by each of several.

The cost of shrinking each group alone says little of what shrinking all of them does where much
goes: errors that are small alone add up, or follow each other. So the default allocation proposes
three plans of the same size, for the fits to decide between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.reconstruct.widths.allocation import Costs, allocate
from pytest_paoding.engine.pruning.reconstruct.widths.curves import measure
from pytest_paoding.engine.pruning.reconstruct.widths.settling import Settling
from pytest_paoding.engine.pruning.targets.aiming import (
    Proposal,
    least_uniform,
    nearest,
    widths_of,
)
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.engine.surgery.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey
    from pytest_paoding.engine.pruning.reconstruct.units import Units
    from pytest_paoding.engine.pruning.reconstruct.widths.allocation import CostCurve
    from pytest_paoding.engine.pruning.reconstruct.widths.curves import Points
    from pytest_paoding.engine.pruning.task import Task

SHARES = {"global": 1.0, "balanced": 0.5, "uniform": 0.0}
"""Position of an allocation between the uniform widths (0) and the cheapest ones (1)."""
_RIVALS = ("global", "balanced", "uniform")


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """What may go.

    Attributes:
        units: The groups.
        curves: The cost of shrinking each alone; None where that was not measured.
        stays: Masks of the classes that stay, shape (classes,), no two of the same widths.
    """

    units: Sequence[Units]
    curves: Sequence[CostCurve] | None
    stays: Sequence[BoolArray]

    def changes(self, stay: BoolArray) -> dict[str, float]:
        """Return the change of the outputs that each group alone makes, by name, if measured."""
        if self.curves is None:
            return {}
        kept = _kept(self.units, stay)
        return {
            each.name: curve.worst(each.width - left)
            for each, curve, left in zip(self.units, self.curves, kept, strict=True)
        }


def plans_of(task: Task, units: Sequence[Units], survey: Survey, known: Points) -> Plans:
    """Return the plan of the allocation that was asked for; by default, each that may be best.

    Inputs that are only drawn do not tell which one is, and are not asked.
    """
    asked = task.options.allocation
    if not SHARES[asked]:
        return Plans(units, None, [_answer(task, units, None, 0.0)])
    curves = measure(units, _most_gone(task), survey, known, task.progress)
    names = _RIVALS if asked == "global" and survey.inputs.typical else (asked,)
    stays = [_answer(task, units, curves, SHARES[name]) for name in names]
    distinct = {tuple(_kept(units, stay)): stay for stay in reversed(stays)}
    return Plans(units, curves, list(reversed(distinct.values())))


def _kept(units: Sequence[Units], stay: BoolArray) -> list[int]:
    return [int(np.count_nonzero(stay[each.group.units])) for each in units]


def _answer(
    task: Task, units: Sequence[Units], curves: Sequence[CostCurve] | None, share: float
) -> BoolArray:
    """Return a mask of the classes that stay, that meets the goal if there is one."""
    goal = task.goal
    if goal is None:
        return _stay(
            task, units, widths_of(task) if curves is None else _widths(task, curves, share)
        )

    def propose(limit: float) -> Proposal | None:
        asked = least_uniform(task, goal, limit)
        if asked is None:
            return None
        widths = widths_of(asked)
        if curves is not None:
            widths = _widths(replace(asked, goal=goal.to(limit)), curves, share)
        stay = _stay(task, units, widths)
        return Proposal(asked, goal.counts.count(widths), Transform(stay))

    return nearest(goal, propose).transform.stay


def _stay(task: Task, units: Sequence[Units], widths: IntArray) -> BoolArray:
    stay = np.ones(task.structure.classes.count, bool)
    for each, width in zip(units, widths.tolist(), strict=True):
        stay[each.group.units[each.spared(each.width - width)]] = False
    return stay


def _full(task: Task) -> IntArray:
    return np.array([group.width for group in task.groups], np.int64)


def _fewest(task: Task) -> IntArray:
    """Return the least width of each group: half of what the ratio leaves it.

    Near its end a curve says little about real inputs.
    """
    widths = widths_of(task)
    free = np.array([quota.free for quota in task.quotas])
    return np.where(free, (widths + 1) // 2, widths)


def _most_gone(task: Task) -> IntArray:
    """Return how many units of each group may leave: with a goal, any ratio may meet it."""
    least = _fewest(task) if task.goal is None else np.ones(len(task.groups), np.int64)
    return _full(task) - least


def _widths(task: Task, curves: Sequence[CostCurve], share: float) -> IntArray:
    """Return the width of each group."""
    widths = widths_of(task)
    full, fewest = _full(task), _fewest(task)
    free = np.array([quota.free for quota in task.quotas])
    most = np.where(free, full, widths)
    goal = task.goal

    def rounded(index: int, gone: int) -> int:
        return task.constraints.rounded(task.groups[index], gone)

    if goal is not None:
        costs = Costs(curves, most, fewest, goal.counts)
        chosen = allocate(costs, widths, share, goal.limit)
        return Settling(costs, goal.limit, rounded).settle(chosen)
    counts = Counts.of_parameters(task.structure, task.groups)
    chosen = allocate(Costs(curves, most, fewest, counts), widths, share)
    gone = [rounded(*each) for each in enumerate((full - chosen).tolist())]
    kept: IntArray = full - np.array(gone)
    return kept
