"""Removing units in rounds, by a strategy that looks at one group at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.pruning.output_impact import OutputImpact
from pytest_paoding.engine.pruning.pairs import dense_group
from pytest_paoding.engine.pruning.schedule import Schedule
from pytest_paoding.engine.pruning.selection import Selection
from pytest_paoding.engine.pruning.strategies.candidates import Candidates
from pytest_paoding.engine.pruning.unit_search import UnitSearch

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.strategies.candidates import Strategy
    from pytest_paoding.engine.pruning.task import Task

_UNBOUNDED = "chosen by saliency alone: the range of its values is not known"
_QUORUM = "a slice or a sum of its units would be left empty"


class Rounds:
    """One run of a strategy over all groups of a model."""

    def __init__(self, task: Task, strategy: Strategy) -> None:
        weights, graph = WorkingWeights(), task.structure.graph
        dense = [dense_group(group, graph) for group in task.groups]
        found = [each for each in dense if each is not None]
        bounded = strategy.uses_impact and found
        impact = OutputImpact(graph, weights, task.ranges, found) if bounded else None
        generator = np.random.default_rng(task.options.seed)
        self._task = task
        self._strategy = strategy
        self._searches = [UnitSearch(group, weights) for group in task.groups]
        self._candidates = [
            Candidates(search, each, impact, generator, task.options.jump)
            for search, each in zip(self._searches, dense, strict=True)
        ]

    def run(self) -> Selection:
        """Remove as many units of each group as its quota says, in rounds."""
        task = self._task
        ratio = max((quota.share for quota in task.quotas), default=0.0)
        schedule = Schedule(ratio, task.options.step)
        for number in range(1, schedule.rounds + 1):
            for search, candidates, quota in zip(
                self._searches, self._candidates, task.quotas, strict=True
            ):
                wanted = schedule.removed(search.group.width, quota, number)
                self._remove(search, candidates, wanted, quota.count)
            task.progress("pruning", number, schedule.rounds)
        return self._selection()

    def _remove(self, search: UnitSearch, candidates: Candidates, wanted: int, total: int) -> None:
        while candidates.jumped is None and (
            (missing := min(wanted - search.gone, len(search.free))) > 0
        ):
            candidates.progress = search.gone / total
            candidates.take(self._strategy.choose(candidates, missing))

    def _selection(self) -> Selection:
        selection = Selection.of_all(self._task.structure)
        for search, candidates, quota in zip(
            self._searches, self._candidates, self._task.quotas, strict=True
        ):
            units, delegates = search.group.units, search.delegates()
            selection.stay[units] = search.mask
            selection.heirs[units] = np.where(delegates < 0, -1, units[delegates])
            reason = _UNBOUNDED if candidates.unbounded else quota.reason
            if candidates.jumped is not None:
                reason = f"the next score is {candidates.jumped:.1f} times all before it"
            elif search.gone < quota.count:
                reason = _QUORUM
            selection.note(search.group, self._strategy.criterion(candidates), reason)
        return selection
