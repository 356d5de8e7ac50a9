"""Reconstruction: which units go, and what the others take over, without data.

Four passes over synthetic inputs (see `wave`): one calibrates the twin, one surveys the inputs and
results of every reader in the original model, one measures the cost of shrinking each group alone,
and one rewrites the readers, each on the results of the pruned model before it.

Units are chosen by the original model's moments, so that the rewriting goes over every call once,
and the cost of all but the measuring is linear in the number of layers. The errors of these fits
are left to distillation after the cut (see `distillation`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.norms import has_recorded
from pytest_paoding.engine.pruning.reconstruct.readers import find_readers, readers_of
from pytest_paoding.engine.pruning.reconstruct.refit import IMAGE_RIDGE, VECTOR_RIDGE
from pytest_paoding.engine.pruning.reconstruct.rewrite import Rewriter
from pytest_paoding.engine.pruning.reconstruct.survey import Survey
from pytest_paoding.engine.pruning.reconstruct.twin import calibrate
from pytest_paoding.engine.pruning.reconstruct.units import Units
from pytest_paoding.engine.pruning.reconstruct.widths.allocation import Costs, allocate
from pytest_paoding.engine.pruning.reconstruct.widths.curves import measure
from pytest_paoding.engine.pruning.reconstruct.widths.settling import Settling
from pytest_paoding.engine.pruning.targets.aiming import (
    Proposal,
    least_uniform,
    nearest,
    widths_of,
)
from pytest_paoding.engine.pruning.targets.counts import Counts
from pytest_paoding.engine.surgery.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.reconstruct.readers import Reader
    from pytest_paoding.engine.pruning.reconstruct.widths.allocation import CostCurve
    from pytest_paoding.engine.pruning.task import Task
    from pytest_paoding.records.protocol import Progress

SHARES = {"global": 1.0, "balanced": 0.5, "uniform": 0.0}


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """The outcome of a reconstruction.

    Attributes:
        stay: Mask of the classes that stay, shape (classes,).
        weights: The weights that have changed, of uncut shapes.
        changes: Change of the outputs when the units of one group alone are removed, before a
            refit, as a share of their deviation; empty where that was not measured.
        plain: Names of the groups whose units nothing takes over from.
    """

    stay: BoolArray
    weights: dict[tuple[Any, int], FloatArray]
    changes: dict[str, float]
    plain: frozenset[str]


def reconstruct(
    task: Task, model: Model, inputs: Inputs, generator: np.random.Generator
) -> Reconstructed:
    """Choose units to remove, and rewrite the working weights of their readers.

    Cost: three passes over all inputs, and two or three over a few for each group (see `curves`);
    O(columns^3) for each reader. Memory beside the model's: tensors of all inputs that are live
    between two calls, about a gigabyte (see `inputs.most_inputs`); 512 MB of sampled outputs; a
    covariance in float64 of the columns of each reader; and 256 MB of patches, three times while a
    reader is refitted.

    Raises:
        NotFiniteError: The model makes no numbers of some inputs, and they were not screened.
    """
    structure = task.structure
    recorded = has_recorded(structure.graph)
    if any(inputs.twins):
        chunks = list(compress(inputs.chunks, inputs.twins))
        calibrate(Wave(model, chunks, [True] * len(chunks)))
    readers = () if inputs.doubtful else find_readers(structure)
    survey = Survey(structure, inputs, model, generator, not (recorded or inputs.typical))
    survey.strict = task.sources.screen is None
    readers = survey.take(readers, Wave(model, inputs.chunks, inputs.twins))
    if any(readers_of(group, readers) is None for group in task.groups):
        survey.take_readings()
    units = [Units.of(group, readers, survey) for group in task.groups]
    stay, changes = _chosen(task, units, survey)
    survey.moments.clear()  # of the original, and half a gigabyte where layers are wide
    for each in units:
        each.remove(model.weights, stay)
    strength = IMAGE_RIDGE if task.sources.pictures else VECTOR_RIDGE
    rewrite(readers, survey, Rewriter(model, stay, strength), task.progress)
    plain = frozenset(each.name for each in units if each.alone)
    return Reconstructed(stay, model.weights.changed(), changes, plain)


def _chosen(
    task: Task, units: Sequence[Units], survey: Survey
) -> tuple[BoolArray, dict[str, float]]:
    """Return a mask of the classes that stay, and the change of the outputs each group causes."""
    if not SHARES[task.options.allocation]:
        return _answer(task, units, None), {}
    curves = measure(units, _most_gone(task), survey, task.progress)
    stay = _answer(task, units, curves)
    gone = [int(np.count_nonzero(~stay[each.group.units])) for each in units]
    return stay, {
        each.name: sqrt(max(curve.at(count, kind) for kind in range(len(curve.change))))
        for each, curve, count in zip(units, curves, gone, strict=True)
    }


def _answer(task: Task, units: Sequence[Units], curves: Sequence[CostCurve] | None) -> BoolArray:
    """Return a mask of the classes that stay, that meets the goal if there is one."""
    goal = task.goal
    if goal is None:
        return _stay(task, units, widths_of(task) if curves is None else _widths(task, curves))

    def propose(limit: float) -> Proposal | None:
        asked = least_uniform(task, goal, limit)
        if asked is None:
            return None
        widths = widths_of(asked)
        if curves is not None:
            widths = _widths(replace(asked, goal=goal.to(limit)), curves)
        stay = _stay(task, units, widths)
        return Proposal(asked, goal.counts.count(widths), Transform(stay))

    return nearest(goal, propose).transform.stay


def _stay(task: Task, units: Sequence[Units], widths: IntArray) -> BoolArray:
    stay = np.ones(task.structure.classes.count, bool)
    for each, width in zip(units, widths.tolist(), strict=True):
        stay[each.group.units[each.spared(each.width - width)]] = False
    return stay


def _full(task: Task) -> IntArray:
    return np.array([group.width for group in task.groups], np.int64)


def _fewest(task: Task) -> IntArray:
    """Return the least width of each group: half of what the ratio leaves it.

    Near its end a curve says little about real inputs.
    """
    widths = widths_of(task)
    free = np.array([quota.free for quota in task.quotas])
    return np.where(free, (widths + 1) // 2, widths)


def _most_gone(task: Task) -> IntArray:
    """Return how many units of each group may leave: with a goal, any ratio may meet it."""
    least = _fewest(task) if task.goal is None else np.ones(len(task.groups), np.int64)
    return _full(task) - least


def _widths(task: Task, curves: Sequence[CostCurve]) -> IntArray:
    """Return the width of each group."""
    widths = widths_of(task)
    full, fewest = _full(task), _fewest(task)
    free = np.array([quota.free for quota in task.quotas])
    most = np.where(free, full, widths)
    share, goal = SHARES[task.options.allocation], task.goal

    def rounded(index: int, gone: int) -> int:
        return task.constraints.rounded(task.groups[index], gone)

    if goal is not None:
        costs = Costs(curves, most, fewest, goal.counts)
        chosen = allocate(costs, widths, share, goal.limit)
        return Settling(costs, goal.limit, rounded).settle(chosen)
    counts = Counts.of_parameters(task.structure, task.groups)
    chosen = allocate(Costs(curves, most, fewest, counts), widths, share)
    gone = [rounded(*each) for each in enumerate((full - chosen).tolist())]
    kept: IntArray = full - np.array(gone)
    return kept


def rewrite(
    readers: Sequence[Reader], survey: Survey, rewriter: Rewriter, progress: Progress
) -> None:
    """Rewrite every reader on the results of the pruned model before it, in one wave.

    Readers before the first removal are left as they are.
    """
    model, inputs = survey.model, survey.inputs
    by_call = {reader.call: reader for reader in readers}
    wave = Wave(model, inputs.chunks, inputs.twins)
    done, moved = 0, False
    changed = {layer for layer, _ in model.weights.changed()} - {each.layer for each in readers}
    for call in survey.structure.graph.calls:
        moved = moved or call.operation in changed
        if call in by_call:
            reader = by_call[call]
            for columns in reader.columns:
                if not rewriter.stay[columns.classes].all():
                    look = survey.look(reader, columns, wave)
                    rewriter.carry_out(rewriter.compensation(reader, columns, look))
                    moved = True
            if moved:
                patches = survey.samples[reader].patches(wave.values[call.inputs[0]])
                rewriter.refit(reader, patches, survey.targets.pop(reader))
            done += 1
            progress("reconstructing", done, len(readers))
        wave.advance()
    rewriter.settle_offsets()
