"""Stages: much is removed in two steps, with a distillation between them.

Where three quarters of the units go at once, what stays is fitted to a model that it cannot follow.
So half of them go first, the smaller model is distilled, and what it has become is reconstructed
again with the rest of the units gone: those that have left have no weight any more, so they are the
first to leave there too.
"""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.pruning.gradients.distillation import distil
from pytest_paoding.engine.pruning.reconstruct.passes import reconstruct
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform, axes_by_weight

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.pruning.gradients.distillation import Course
    from pytest_paoding.engine.pruning.gradients.lessons import Lesson
    from pytest_paoding.engine.pruning.learning.learned_inputs import Learned
    from pytest_paoding.engine.pruning.reconstruct.passes import Reconstructed
    from pytest_paoding.engine.pruning.task import Task
    from pytest_paoding.engine.surgery.cut import Cut

_MUCH = 0.6  # share of all units from which on there are two stages
_FIRST = 0.3  # share of the distillation's budget that the first one has


def in_stages(
    task: Task, model: Model, learned: Learned, lesson: Lesson, course: Course
) -> tuple[Reconstructed, Course]:
    """Return the outcome of a reconstruction, in two stages where much goes, and what is left.

    Where the budget has no room for a distillation between them, there is one stage.

    Args:
        task: The task.
        model: The original, whose working weights are rewritten.
        learned: Inputs to learn from, and what was measured of the original by them.
        lesson: What a smaller model is taught.
        course: The budget of all distillations.
    """
    inputs, known = learned.inputs, learned.remembered.points
    first, rest = course.split(_FIRST)
    steps, _ = first.affordable(model.graph, model.graph)  # of a smaller model no fewer
    if not (inputs.typical and steps and _goes(task) > _MUCH):
        return reconstruct(task, model, inputs, lesson, known), course
    found = reconstruct(_halfway(task), model, inputs, lesson, known)
    smaller = cut(task.structure, Transform(found.stay, fitted=found.weights))
    distil(smaller.model, lesson, first, task.progress)
    put_back(task.structure, smaller, model.weights)
    return reconstruct(task, model, inputs, lesson, {}), rest


def _goes(task: Task) -> float:
    """Return the share of all units that goes."""
    whole = sum(group.width for group in task.groups)
    return sum(quota.count for quota in task.quotas) / max(1, whole)


def _halfway(task: Task) -> Task:
    """Return the task of which the same again makes the whole."""
    constraints = replace(
        task.constraints,
        ratio=_half(task.constraints.ratio),
        ratios={name: _half(share) for name, share in task.constraints.ratios.items()},
    )
    quotas = tuple(constraints.quota(group) for group in task.groups)
    return replace(task, constraints=constraints, quotas=quotas, goal=None)


def _half(ratio: float) -> float:
    return 1 - sqrt(1 - ratio)


def put_back(structure: Structure, smaller: Cut, weights: WorkingWeights) -> None:
    """Write the weights of a model that was cut where they were, zeros where units have left.

    Args:
        structure: The structure of the uncut model.
        smaller: What was cut off it.
        weights: Working weights of the uncut model.
    """
    axes = axes_by_weight(structure)
    for old, new in smaller.rebuilt.items():
        for index, variable in enumerate(getattr(new, "weights", ())):
            known = weights[old, index]
            stay = [np.ones(length, bool) for length in known.shape]
            for axis in axes.get((old, index), ()):
                stay[axis.axis] &= smaller.stay[axis.classes]
            whole = np.zeros_like(known)
            whole[np.ix_(*stay)] = values_of(variable)
            if not np.array_equal(whole, known):
                weights.assign((old, index), whole)
