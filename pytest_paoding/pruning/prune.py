"""Pruning a model: the public function."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.errors import PruningError
from pytest_paoding.graph.groups import find_groups
from pytest_paoding.graph.rules import rule_for
from pytest_paoding.graph.walk import walk
from pytest_paoding.pruning.impact import Impact
from pytest_paoding.pruning.pairs import dense_group
from pytest_paoding.pruning.ranges import input_ranges
from pytest_paoding.pruning.schedule import Schedule
from pytest_paoding.pruning.strategies import strategy_named
from pytest_paoding.pruning.strategies.base import Candidates
from pytest_paoding.pruning.working import Search, WorkingWeights
from pytest_paoding.surgery.apply import apply_plan
from pytest_paoding.surgery.plan import LayerPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from pytest_paoding.graph.groups import Group
    from pytest_paoding.graph.trace import Tensor
    from pytest_paoding.graph.walk import Producer, Structure
    from pytest_paoding.pruning.ranges import InputRange
    from pytest_paoding.pruning.strategies.base import Strategy

    Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Pruned:
    """A pruned model and what was done to it.

    Attributes:
        model: A new `keras.Model`, really smaller, every layer as trainable as before.
        plan: For each layer its units before, those kept, and why it was left alone.
        note: What could not be kept of the old model, such as an unserialisable loss.
    """

    model: Any
    plan: Plan
    note: str | None = None


def prune(  # noqa: PLR0913 # keyword-only, each with a default
    model: Any,
    *,
    ratio: float,
    strategy: str = "impact",
    input_range: InputRange = (0.0, 1.0),
    seed: int = 0,
    step: float = 0.025,
    progress: Progress | None = None,
) -> Pruned:
    """Return a smaller model without `ratio` of the units of every prunable layer.

    Exactly `round(ratio * n)` of the n units of a layer go, at least one stays; layers that are
    added together lose the same units; outputs never shrink. No data is read and nothing is
    trained. The model given is not changed, and the global random state is left alone.

    Args:
        model: A built Sequential or Functional model.
        ratio: Share of the units to remove, in [0, 1).
        strategy: `magnitude`, `saliency`, `impact` or `stochastic`.
        input_range: Low and high of legal inputs, or such a pair for each input by its name; it
            bounds what units may compute, for `impact` and `stochastic`.
        seed: Seed of the private random generator, for `stochastic`.
        step: Share of the units to remove in one round, in (0, 1].
        progress: Called after each round as `progress("pruning", done, rounds)`.

    Cost: for each dense layer of n units and m inputs O(m n^2) once, and O(n^2) in each round;
    elsewhere linear in the weights. Memory: twice the weights, and a few matrices (n, n).

    Raises:
        PruningError: An argument makes no sense, or nothing in the model can be pruned.
        SurgeryError: A layer cannot be rebuilt.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
        ... )
        >>> pruned = prune(model, ratio=0.5, strategy="magnitude")
        >>> [layer.units for layer in pruned.model.layers]
        [4, 2]
    """
    _check_arguments(ratio=ratio, step=step, seed=seed)
    chosen = strategy_named(strategy)
    structure = walk(model, rule_for)
    groups = find_groups(structure)
    if not groups:
        raise PruningError(_nothing_to_prune(structure))
    ranges = input_ranges(structure.graph, input_range)
    run = _Run(structure, groups, chosen, ranges, np.random.default_rng(seed))
    run.work(Schedule(float(ratio), float(step)), progress)
    plan = run.plan()
    outcome = apply_plan(structure, plan)
    return Pruned(outcome.model, plan, outcome.note)


class _Run:
    """One run of a strategy over all groups of a model."""

    def __init__(
        self,
        structure: Structure,
        groups: tuple[Group, ...],
        strategy: Strategy,
        ranges: dict[Tensor, tuple[float, float]],
        generator: np.random.Generator,
    ) -> None:
        weights = WorkingWeights()
        graph = structure.graph
        dense = [dense_group(group, graph) for group in groups]
        found = [each for each in dense if each is not None]
        impact = Impact(graph, weights, ranges, found) if strategy.uses_impact and found else None
        self._structure = structure
        self._strategy = strategy
        self._searches = [Search(group, weights) for group in groups]
        self._candidates = [
            Candidates(search, each, impact, generator)
            for search, each in zip(self._searches, dense, strict=True)
        ]

    def work(self, schedule: Schedule, progress: Progress | None) -> None:
        """Remove units in rounds."""
        for number in range(1, schedule.rounds + 1):
            for search, candidates in zip(self._searches, self._candidates, strict=True):
                self._remove(search, candidates, schedule, number)
            if progress is not None:
                progress("pruning", number, schedule.rounds)

    def _remove(
        self, search: Search, candidates: Candidates, schedule: Schedule, number: int
    ) -> None:
        width = search.group.width
        total = schedule.removed(width, schedule.rounds)
        wanted = width - schedule.removed(width, number)
        while (missing := len(search.left) - wanted) > 0:
            candidates.progress = (width - len(search.left)) / total
            candidates.take(self._strategy.choose(candidates, missing))

    def plan(self) -> Plan:
        """Return what was chosen, layer by layer."""
        stay = np.ones(self._structure.classes.count, bool)
        heir = np.full(self._structure.classes.count, -1)
        found: dict[Any, Candidates] = {}
        for search, candidates in zip(self._searches, self._candidates, strict=True):
            units, delegates = search.group.units, search.delegates()
            stay[units] = search.mask
            heir[units] = np.where(delegates < 0, -1, units[delegates])
            found |= {producer.layer: candidates for producer in search.group.producers}
        return Plan(
            tuple(
                self._layer_plan(producer, stay, heir, found.get(producer.layer))
                for producer in self._structure.producers
            )
        )

    def _layer_plan(
        self, producer: Producer, stay: Any, heir: Any, candidates: Candidates | None
    ) -> LayerPlan:
        mask = stay[producer.classes]
        position = {number: index for index, number in enumerate(producer.classes.tolist())}
        delegates = tuple(
            (index, position[int(heir[number])])
            for index, number in enumerate(producer.classes.tolist())
            if not mask[index] and heir[number] >= 0
        )
        reasons = (self._structure.classes.reasons[number] for number in producer.classes)
        reason = next((reason for reason in reasons if reason is not None), None)
        if candidates is not None and candidates.unbounded:
            reason = reason or "chosen by saliency alone: the range of its values is not known"
        if candidates is None or mask.all():
            criterion = None
        else:
            criterion = self._strategy.criterion(candidates)
        kept = tuple(np.flatnonzero(mask).tolist())
        return LayerPlan(producer.name, len(mask), kept, criterion, reason, delegates)


def _check_arguments(*, ratio: Any, step: Any, seed: Any) -> None:
    if not _is_number(ratio) or not 0 <= ratio < 1:
        meant = f', did you mean {ratio / 100:g} or "{ratio:g}%"?' if _is_percentage(ratio) else ""
        raise PruningError(f"ratio must be a share in [0, 1), not {ratio!r}{meant}")
    if not _is_number(step) or not 0 < step <= 1:
        raise PruningError(f"step must be a share in (0, 1], not {step!r}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise PruningError(f"seed must be a whole number from 0, not {seed!r}")


def _is_number(value: Any) -> bool:
    kind = isinstance(value, (int, float, np.integer, np.floating))
    return kind and not isinstance(value, bool) and isfinite(value)


def _is_percentage(value: Any) -> bool:
    return _is_number(value) and 1 < value < 100  # noqa: PLR2004 # per cent


def _nothing_to_prune(structure: Structure) -> str:
    model = structure.graph.model
    if not structure.producers:
        return f"model {model.name!r} has nothing to prune: no layer with units and a pruning rule"
    whys = [
        f"{producer.name!r}: {structure.classes.reasons[producer.classes[0]]}"
        for producer in structure.producers[:3]
    ]
    more = len(structure.producers) - len(whys)
    tail = f" (and {more} more)" if more > 0 else ""
    return f"model {model.name!r} has nothing to prune: layer {'; layer '.join(whys)}{tail}"
