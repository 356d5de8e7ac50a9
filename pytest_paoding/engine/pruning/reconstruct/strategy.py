"""The strategy `reconstruct`: which inputs to look at, and what to say of the outcome."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.inputs import (
    Draw,
    chunked,
    drawn,
    given,
    most_inputs,
    synthetic,
)
from pytest_paoding.engine.execution.wave import Model
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.pruning.gradients.descent import NoGradientError
from pytest_paoding.engine.pruning.gradients.distillation import Course, distil
from pytest_paoding.engine.pruning.gradients.inversion import Effort, invert
from pytest_paoding.engine.pruning.reconstruct.passes import reconstruct
from pytest_paoding.engine.pruning.reconstruct.twin import has_recorded
from pytest_paoding.engine.pruning.selection import Selection

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.inputs import Inputs
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.pruning.task import Task

EFFORTS = {
    "standard": Effort(steps=60, inputs=512, least=128, work=2.5e11),
    "thorough": Effort(steps=200, inputs=512, least=64, work=1e13, mixed=True),
}
COURSES = {
    "standard": Course(steps=500, least=100, work=2.5e11),
    "thorough": Course(steps=500, least=100, work=1e13, synthetic=True),
}
_PLAIN = "nothing takes over for its units: they are read by layers without a plain kernel"


def by_reconstruction(task: Task) -> Selection:
    """Return what the method removes and rewrites in a model."""
    generator = np.random.default_rng(task.options.seed)
    model = Model(task.structure.graph, WorkingWeights())
    inputs, remark = _inputs(task, model, generator)
    found = reconstruct(task, model, inputs, generator)
    selection = Selection.of_all(task.structure)
    selection.stay = found.stay
    selection.weights = dict(found.weights)
    selection.remark = remark
    for group, quota in zip(task.groups, task.quotas, strict=True):
        plain = group.name in found.plain
        criterion = "magnitude" if plain else "reconstruct"
        if group.name in found.changes:
            criterion += f", moving the outputs by {found.changes[group.name]:.1%}"
        reason = quota.reason or (_PLAIN if plain else None)
        if selection.stay[group.units].all() and quota.count:
            reason = f"others shrink instead of it, by the {task.options.allocation} allocation"
        selection.note(group, criterion, reason)
    course = COURSES[task.options.effort]
    if inputs.typical or course.synthetic:
        selection.finish = partial(
            distil, task=task, inputs=inputs.plain(), course=course, generator=generator
        )
    return selection


def _inputs(task: Task, model: Model, generator: np.random.Generator) -> tuple[Inputs, str | None]:
    """Return the inputs to look at, and what there is to say of them."""
    try:
        return inputs_for(task, model, generator), None
    except NoGradientError as error:
        drawn_again = synthetic(task.structure.graph, task.ranges, generator, recorded=True)
        return drawn_again, f"inputs were not found by gradients: {error}"


def is_chain(graph: Graph) -> bool:
    """Whether no call reads several tensors."""
    return all(len(call.inputs) == 1 for call in graph.calls)


def inputs_for(task: Task, model: Model, generator: np.random.Generator) -> Inputs:
    """Return the inputs to look at: a user's, or synthetic ones, inverted where that is affordable.

    In a chain of layers the twin stands beside the inverted inputs: each kind makes up for what the
    other lacks. Where branches meet the twin has the statistics of each but not what they have in
    common, so there it is used by a thorough effort only, whose inversions are of large models as
    well. Without an inversion, or recorded statistics to invert, see `inputs.synthetic`.

    Raises:
        NoGradientError: An operation of the model has no gradient to find inputs by.
    """
    graph, options = task.structure.graph, task.options
    if options.calibration is not None:
        return given(graph, options.calibration)
    recorded = has_recorded(graph)
    effort = EFFORTS[options.effort]
    mixed = effort.mixed or is_chain(graph)
    count = effort.affordable(graph, most_inputs(graph) // (1 + mixed)) if recorded else 0
    if not count:
        return synthetic(graph, task.ranges, generator, recorded=recorded)
    begin = drawn(graph, task.ranges, Draw(count, 0, generator))
    inverted = chunked(graph, invert(model, begin, effort, task, generator), typical=True)
    if not mixed:
        return inverted
    others = drawn(graph, task.ranges, Draw(count, 0, generator))
    return inverted.beside(chunked(graph, others, twins=1.0))
