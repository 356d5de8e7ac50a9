"""Removing units in rounds: the strategies that look at one group at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.pruning.output_impact import OutputImpact
from pytest_paoding.engine.pruning.pairs import dense_group
from pytest_paoding.engine.pruning.schedule import Schedule
from pytest_paoding.engine.pruning.strategies.candidates import Candidates, Choice
from pytest_paoding.engine.pruning.strategies.strategy import Strategy
from pytest_paoding.engine.pruning.unit_search import UnitSearch
from pytest_paoding.engine.surgery.transform import Transform, Why, merges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.pruning.constraints import Quota
    from pytest_paoding.engine.pruning.pairs import Pairs
    from pytest_paoding.engine.pruning.task import Task

_UNBOUNDED = "chosen by saliency alone: the range of its values is not known"
_QUORUM = "a slice or a sum of its units would be left empty"


class Rounds(Strategy):
    """Removes the quota of each group, a part in every round.

    Attributes:
        uses_impact: Whether it asks for energies.
    """

    ignores: ClassVar[Mapping[str, str]] = {"calibration": "reads no inputs"}
    uses_impact: ClassVar[bool] = False

    @abstractmethod
    def criterion(self, candidates: Candidates) -> str:
        """Return the criterion by which the units of a group were chosen."""

    @abstractmethod
    def choose(self, candidates: Candidates, count: int) -> Choice:
        """Return at least one and at most `count` of the units left, to remove.

        A strategy may return fewer, as pairs run out when half the units are taken: it is asked
        again for the rest. An empty choice means that the least score of all jumps, which ends the
        group's pruning.
        """

    def inputs_noted(self, task: Task) -> str | None:
        """Return the ranges that energies are bounded by."""
        return task.sources.note if self.uses_impact else None

    def solve(self, task: Task) -> Transform:
        """Search on working copies of the weights, then return the units that go and take over."""
        all_candidates = self._candidates(task)
        ratio = max((quota.share for quota in task.quotas), default=0.0)
        schedule = Schedule(ratio, task.options.step)
        for number in range(1, schedule.rounds + 1):
            for candidates, quota in zip(all_candidates, task.quotas, strict=True):
                wanted = schedule.removed(candidates.search.group.width, quota, number)
                self._remove(candidates, wanted, quota.count)
            task.progress("pruning", number, schedule.rounds)
        return self._answer(task, all_candidates)

    def _candidates(self, task: Task) -> list[Candidates]:
        weights, graph = WorkingWeights(), task.structure.graph
        dense = [dense_group(group, graph) for group in task.groups]
        found = [each for each in dense if each is not None]
        bounded = self.uses_impact and found
        impact = OutputImpact(graph, weights, task.sources.ranges, found) if bounded else None
        generator = np.random.default_rng(task.options.seed)
        return [
            Candidates(UnitSearch(group, weights), each, impact, generator, task.options.jump)
            for group, each in zip(task.groups, dense, strict=True)
        ]

    def _remove(self, candidates: Candidates, wanted: int, total: int) -> None:
        search = candidates.search
        while candidates.jumped is None and (
            (missing := min(wanted - search.gone, len(search.free))) > 0
        ):
            candidates.progress = search.gone / total
            candidates.take(self.choose(candidates, missing))

    def _answer(self, task: Task, all_candidates: list[Candidates]) -> Transform:
        count = task.structure.classes.count
        stay, delegates = np.ones(count, bool), np.full(count, -1)
        why: dict[str, Why] = {}
        for candidates, quota in zip(all_candidates, task.quotas, strict=True):
            search = candidates.search
            units, rows = search.group.units, search.final_delegates()
            stay[units] = search.mask
            none = search.mask | (rows < 0)
            delegates[units] = np.where(none, -1, units[rows])
            reasons = Why(self.criterion(candidates), _reason(candidates, quota))
            why |= dict.fromkeys((each.name for each in search.group.producers), reasons)
        return Transform(stay, merges(task.groups, delegates), why=why)


class PairStrategy(Rounds):
    """Merges pairs where units can take over for each other; elsewhere removes the smallest."""

    def criterion(self, candidates: Candidates) -> str:
        """Return the strategy's name, or that of the criterion that stands in for it."""
        if not candidates.pairable:
            return "magnitude"
        return "saliency" if candidates.unbounded else self.name

    def choose(self, candidates: Candidates, count: int) -> Choice:
        """Choose pairs, or the smallest units where there are no pairs."""
        if not candidates.pairable:
            return candidates.smallest(count)
        pairs = self.select(candidates, count)
        return Choice(pairs.nominees, pairs.saliency, pairs.delegates)

    @abstractmethod
    def select(self, candidates: Candidates, count: int) -> Pairs:
        """Return at least one and at most `count` disjoint pairs to merge."""


def _reason(candidates: Candidates, quota: Quota) -> str | None:
    """Return the reason why fewer units went, or a fallback criterion chose them."""
    if candidates.jumped is not None:
        return f"the next score is {candidates.jumped:.1f} times all before it"
    if candidates.search.gone < quota.count:
        return _QUORUM
    return _UNBOUNDED if candidates.unbounded else quota.reason
