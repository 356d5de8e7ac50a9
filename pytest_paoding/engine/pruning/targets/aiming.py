"""Aiming: the least pruning that meets a goal.

Every strategy shrinks to widths whose predicted figure just meets the goal. What is predicted
wrongly, as the bytes of a file are by some, is measured and made up for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.surgery.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.pruning.strategies.strategy import Strategy
    from pytest_paoding.engine.pruning.targets.goals import Goal
    from pytest_paoding.engine.pruning.task import Task

STEPS = 10**6
"""Ratios are found to a millionth."""
MOST = (STEPS - 1) / STEPS
"""The greatest of them: of layers of fewer units, one stays."""
_TRIES = 30


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A pruning that may meet a goal.

    Attributes:
        task: The task, with the quotas of the uniform ratio.
        asked: The figure predicted of the widths that were asked for.
        transform: What goes.
    """

    task: Task
    asked: float
    transform: Transform


def nearest(goal: Goal, propose: Callable[[float], Proposal | None]) -> Proposal:
    """Return the proposal with the greatest figure that meets a goal.

    Each miss moves the prediction that is asked for by what it was wrong by.

    Args:
        goal: The goal.
        propose: Returns a proposal whose prediction is a given one at most; None if there is none.

    Raises:
        PruningError: None meets it.
    """
    slack, best = goal.slack, None
    least: int | None = None
    for _ in range(_TRIES):
        found = propose(goal.most + slack)
        if found is None:
            break
        figure = goal.exactly(found.transform.stay)
        least = figure if least is None else min(figure, least)
        now = found.asked - figure
        if figure > goal.most:
            if best is not None:
                break
            slack = now
            continue
        best = found
        if now <= slack:
            break
        slack = now
    if best is None:
        raise goal.missed(goal.whole if least is None else least)
    return best


def at_ratio(task: Task, ratio: float) -> Task:
    """Return a task with the quotas of a ratio."""
    constraints = replace(task.constraints, ratio=ratio)
    quotas = tuple(constraints.quota(group) for group in task.groups)
    return replace(task, constraints=constraints, quotas=quotas)


def widths_of(task: Task) -> IntArray:
    """Return the widths that quotas leave, shape (groups,)."""
    pairs = zip(task.groups, task.quotas, strict=True)
    return np.array([group.width - quota.count for group, quota in pairs], np.int64)


def least_uniform(task: Task, goal: Goal, limit: float) -> Task | None:
    """Return the task with the least ratio whose quotas meet a prediction; None if none does."""

    def fits(step: int) -> bool:
        return goal.counts.count(widths_of(at_ratio(task, step / STEPS))) <= limit

    low, high = -1, STEPS - 1
    if not fits(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return at_ratio(task, high / STEPS)


def aimed(task: Task, goal: Goal) -> Task:
    """Return a task with a goal, and with the quotas of the least uniform ratio that meets it.

    Raises:
        PruningError: No ratio meets it.
    """
    most = at_ratio(task, MOST)
    if goal.counts.count(widths_of(most)) > goal.limit:
        least = goal.exactly(_first_units(most).stay)
        if least > goal.most:
            raise goal.missed(least)

    def propose(limit: float) -> Proposal | None:
        asked = least_uniform(task, goal, limit) or most
        return Proposal(asked, goal.counts.count(widths_of(asked)), _first_units(asked))

    found = nearest(goal, propose)
    slack = found.asked - goal.exactly(found.transform.stay)
    return replace(found.task, goal=goal.to(goal.most + slack))


def _first_units(task: Task) -> Transform:
    """Return the cut of the first units of each group, as many as its quota."""
    stay = np.ones(task.structure.classes.count, bool)
    for group, quota in zip(task.groups, task.quotas, strict=True):
        gone = group.first_to_go(np.arange(group.width), quota.count)
        stay[group.units[gone]] = False
    return Transform(stay)


def solved(way: Strategy, task: Task) -> tuple[Task, Transform]:
    """Return a strategy's answer to a task, and the task as it was answered in the end.

    With a goal, quotas are tightened until what the strategy really removes meets it.

    Raises:
        PruningError: Nothing that it removes does.
    """
    goal = task.goal
    if goal is None:
        return task, way.solve(task)
    if not any(quota.count for quota in task.quotas):
        return task, Transform(np.ones(task.structure.classes.count, bool))
    if way.aims:
        return task, way.solve(task)

    def propose(limit: float) -> Proposal | None:
        asked = task if limit == goal.limit else least_uniform(task, goal, limit)
        if asked is None:
            return None
        return Proposal(asked, goal.counts.count(widths_of(asked)), way.solve(asked))

    found = nearest(goal, propose)
    return found.task, found.transform
