"""`reconstruct`: the units that stay take over from the others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.norms import has_recorded
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.inputs import chunked, given, most_inputs, synthetic
from pytest_paoding.engine.pruning.gradients.distillation import Course, distil
from pytest_paoding.engine.pruning.reconstruct.passes import reconstruct
from pytest_paoding.engine.pruning.reconstruct.survey import NotFiniteError
from pytest_paoding.engine.pruning.strategies.strategy import Strategy
from pytest_paoding.engine.surgery.transform import Transform, Why
from pytest_paoding.engine.synthesis.descent import NoGradientError
from pytest_paoding.engine.synthesis.inversion import Effort, InputSearch, invert, sound
from pytest_paoding.engine.synthesis.sequence_mix import sequence_mix
from pytest_paoding.errors import cause_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.constraints import Quota
    from pytest_paoding.engine.pruning.reconstruct.passes import Reconstructed
    from pytest_paoding.engine.pruning.task import Task

EFFORTS = {
    "standard": Effort(steps=60, inputs=512, least=128, work=2.5e11),
    "thorough": Effort(steps=200, inputs=512, least=64, work=1e13, mixed=True),
}
COURSES = {
    "standard": Course(steps=500, least=100, work=2.5e11),
    "thorough": Course(steps=500, least=100, work=1e13, synthetic=True),
}
_PLAIN = "nothing takes over for its units: what reads them does more than sum over them"


class Reconstruct(Strategy):
    """Lets the units that stay take over from the others, as fitted on synthetic inputs.

    One object serves one run: `refine` learns from the inputs of `solve`.
    """

    ignores: ClassVar[Mapping[str, str]] = {"jump": "weighs by what the outputs lose"}
    aims: ClassVar[bool] = True

    def __init__(self) -> None:
        """Start without inputs."""
        self._seen: tuple[Inputs, np.random.Generator] | None = None

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
        inputs, notes = _inputs(task, model, generator)
        self._seen = inputs, generator
        found = reconstruct(task, model, inputs, generator)
        left_out = None if task.sources.screen is None else task.sources.screen.note
        return found, notes if left_out is None else (*notes, left_out)

    def inputs_noted(self, task: Task) -> str | None:
        """Return what inputs are drawn as, unless the user gave some."""
        return task.sources.note if task.options.calibration is None else None

    def refine(self, pruned: Any, task: Task) -> str | None:
        """Distil the original into the model that was cut, where that pays."""
        course = COURSES[task.options.effort]
        if self._seen is None or not (self._seen[0].typical or course.synthetic):
            return None
        inputs, generator = self._seen
        return distil(pruned, task, inputs.plain(), course, generator)


def _why(group: Group, quota: Quota, found: Reconstructed, task: Task) -> Why:
    plain = group.name in found.plain
    criterion = "magnitude" if plain else "reconstruct"
    if group.name in found.changes:
        criterion += f", moving the outputs by {found.changes[group.name]:.1%}"
    if found.stay[group.units].all() and quota.count:
        reason = f"others shrink instead of it, by the {task.options.allocation} allocation"
        return Why(criterion, reason)
    return Why(criterion, quota.reason or (_PLAIN if plain else None))


def _inputs(
    task: Task, model: Model, generator: np.random.Generator
) -> tuple[Inputs, tuple[str, ...]]:
    """Return the inputs to learn from, and notes on how they were found."""
    try:
        return inputs_for(task, model, generator), ()
    except NoGradientError as error:
        reason = str(error)
    except tf.errors.OpError as error:  # some operations run untraced only
        reason = cause_of(error)
    drawn_again = synthetic(task.sources, generator, recorded=True)
    return drawn_again, (f"inputs were not found by gradients: {reason}",)


def is_chain(graph: Graph) -> bool:
    """Whether no call reads several tensors."""
    return all(len(call.inputs) == 1 for call in graph.calls)


def inputs_for(task: Task, model: Model, generator: np.random.Generator) -> Inputs:
    """Return the inputs to learn from: the user's, or synthetic ones, inverted where affordable.

    In a chain of layers, the twin runs as many drawn inputs beside the inverted ones: each kind
    makes up for weaknesses of the other. Where branches meet, the twin has the statistics of each
    but not their correlations, so there only a thorough effort, which also inverts large models,
    adds it. Without an inversion, or recorded statistics to invert, see `inputs.synthetic`.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    graph, options = task.structure.graph, task.options
    if options.calibration is not None:
        return given(graph, options.calibration, task.sources.screen)
    recorded = has_recorded(graph)
    effort = EFFORTS[options.effort]
    search = InputSearch(effort, generator, task.progress)
    if not recorded and any(source.is_sequence for source in task.sources):
        return sequence_mix(model, task.sources, search)
    mixed = effort.mixed or is_chain(graph)
    moves = recorded and any(source.numeric for source in task.sources)
    count = effort.affordable(graph, most_inputs(task.sources) // (1 + mixed)) if moves else 0
    if not count:
        return synthetic(task.sources, generator, recorded=recorded)
    begin = drawn(task.sources, Draw(count, 0, generator))
    found = invert(model, begin, task.sources, search)
    moved = sound(task.sources, found)
    inverted = chunked(graph, moved, typical=True)
    if not mixed:
        return inverted
    others = drawn(task.sources, Draw(count, 0, generator))
    return inverted.beside(chunked(graph, others, twins=1.0))
