"""The strategy `reconstruct`: which inputs to look at, and what to say of the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.pruning.reconstruct.inputs import given, synthetic
from pytest_paoding.pruning.reconstruct.reconstruct import reconstruct
from pytest_paoding.pruning.reconstruct.twin import is_norm
from pytest_paoding.pruning.selection import Selection

if TYPE_CHECKING:
    from pytest_paoding.pruning.task import Task

_PLAIN = "nothing takes over for its units: they are read by layers without a plain kernel"


def by_reconstruction(task: Task) -> Selection:
    """Return what the method removes and rewrites in a model."""
    generator = np.random.default_rng(task.options.seed)
    graph = task.structure.graph
    recorded = any(is_norm(call) for call in graph.calls)
    if task.options.calibration is None:
        inputs = synthetic(graph, task.ranges, generator, recorded=recorded)
    else:
        inputs = given(graph, task.options.calibration)
    found = reconstruct(task, inputs, generator)
    selection = Selection.of_all(task.structure)
    selection.stay = found.stay
    selection.weights = dict(found.weights)
    for group, quota in zip(task.groups, task.quotas, strict=True):
        plain = group.name in found.plain
        criterion = "magnitude" if plain else "reconstruct"
        selection.note(group, criterion, quota.reason or (_PLAIN if plain else None))
    return selection
