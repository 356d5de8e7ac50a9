"""The task of a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.pruning.constraints import Constraints, Quota
    from pytest_paoding.engine.pruning.targets.goals import Goal
    from pytest_paoding.records.protocol import Progress


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """Options of a pruning; see `pruner.prune`."""

    strategy: str
    seed: int
    step: float
    allocation: str
    effort: str | float
    calibration: Any
    mixing: str
    jump: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One model to prune.

    Attributes:
        structure: Its structure.
        groups: The groups that may shrink.
        constraints: Constraints that the plan has to meet.
        quotas: Number of units to remove from each group.
        sources: What the inputs are.
        options: Options of the pruning.
        progress: Called as `progress(what, done, total)`.
        goal: What the model has to come down to; None where the quotas are all that is asked.
    """

    structure: Structure
    groups: tuple[Group, ...]
    constraints: Constraints
    quotas: tuple[Quota, ...]
    sources: InputSources
    options: Options
    progress: Progress
    goal: Goal | None = None
