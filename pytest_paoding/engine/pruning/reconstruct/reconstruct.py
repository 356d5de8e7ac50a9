"""`reconstruct`: the units that stay take over from the others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.pruning.gradients.distillation import distil
from pytest_paoding.engine.pruning.gradients.lessons import Book, Lesson, can_be_shared
from pytest_paoding.engine.pruning.learning.budget import Budget
from pytest_paoding.engine.pruning.learning.shared_inputs import shared_inputs
from pytest_paoding.engine.pruning.reconstruct.survey import NotFiniteError
from pytest_paoding.engine.pruning.reconstruct.two_stages import in_stages
from pytest_paoding.engine.pruning.strategies.strategy import Strategy
from pytest_paoding.engine.surgery.transform import Transform, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.pruning.constraints import Quota
    from pytest_paoding.engine.pruning.gradients.distillation import Course
    from pytest_paoding.engine.pruning.learning.learned_inputs import Learned
    from pytest_paoding.engine.pruning.reconstruct.passes import Reconstructed
    from pytest_paoding.engine.pruning.task import Task

_PLAIN = "nothing takes over for its units: what reads them does more than sum over them"


class Reconstruct(Strategy):
    """Lets the units that stay take over from the others, as fitted on synthetic inputs.

    One object serves one run: `refine` learns from the inputs of `solve`.
    """

    ignores: ClassVar[Mapping[str, str]] = {"jump": "weighs by what the outputs lose"}
    aims: ClassVar[bool] = True

    def __init__(self) -> None:
        """Start without inputs."""
        self._seen: tuple[Lesson, Course] | None = None

    def solve(self, task: Task) -> Transform:
        """Find inputs, choose the units that go, and fit the weights that stay.

        If the model makes no numbers of some inputs, it begins again, and leaves those out.

        Raises:
            ExecutionError: It makes no numbers of most inputs.
        """
        outcome = None
        with suppress(NotFiniteError):
            outcome = self._found(task)
        if outcome is None:
            calibrated = task.options.calibration is not None
            task = replace(task, sources=task.sources.screened(calibrated=calibrated))
            outcome = self._found(task)
        found, notes = outcome
        why = {
            producer.name: _why(group, quota, found, task)
            for group, quota in zip(task.groups, task.quotas, strict=True)
            for producer in group.producers
        }
        return Transform(found.stay, fitted=found.weights, why=why, notes=notes)

    def _found(self, task: Task) -> tuple[Reconstructed, tuple[str, ...]]:
        """Return the outcome of a reconstruction, and notes on the inputs it learned from."""
        generator = np.random.default_rng(task.options.seed)
        model = Model(task.structure.graph, WorkingWeights())
        budget = Budget.of(task.options.effort)
        learned = shared_inputs(task, model, budget, generator)
        inputs = learned.inputs
        course = budget.course(learned.spent, doubtful=inputs.doubtful)
        lesson = lesson_of(task, learned, budget, generator)
        found, left = in_stages(task, model, learned, lesson, course)
        self._seen = (lesson, left) if inputs.typical else None
        left_out = None if task.sources.screen is None else task.sources.screen.note
        return found, tuple(note for note in (learned.note, left_out) if note is not None)

    def inputs_noted(self, task: Task) -> str | None:
        """Return what inputs are drawn as, unless the user gave some."""
        return task.sources.note if task.options.calibration is None else None

    def refine(self, pruned: Any, task: Task) -> str | None:
        """Distil the original into the model that was cut, where its inputs are worth it."""
        if self._seen is None:
            return None
        lesson, course = self._seen
        return distil(pruned, lesson, course, task.progress)


def lesson_of(
    task: Task, learned: Learned, budget: Budget, generator: np.random.Generator
) -> Lesson:
    """Return what smaller models are to be taught: those that share an effort, the same."""
    original = Model(task.structure.graph, WorkingWeights())
    shown = learned.inputs.plain() if learned.inputs.typical else {}
    given = task.options.calibration is not None
    book = Book(generator)
    if budget.sharers > 1 and can_be_shared(shown):
        book = learned.remembered.book or Book.shared(task.options.seed)
        learned.remembered.book = book
    return Lesson(original, task.sources, shown, given, generator, book)


def _why(group: Group, quota: Quota, found: Reconstructed, task: Task) -> Why:
    plain = group.name in found.plain
    criterion = "magnitude" if plain else "reconstruct"
    if group.name in found.changes:
        criterion += f", moving the outputs by {found.changes[group.name]:.1%}"
    if found.stay[group.units].all() and quota.count:
        reason = f"others shrink instead of it, by the {task.options.allocation} allocation"
        return Why(criterion, reason)
    return Why(criterion, quota.reason or (_PLAIN if plain else None))
