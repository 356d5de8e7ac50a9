"""Curves: the cost of shrinking each group alone, measured at the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.pruning.reconstruct.rewrite import Rewriter
from pytest_paoding.engine.pruning.reconstruct.widths.allocation import CostCurve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.inputs.inputs import Inputs
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey
    from pytest_paoding.engine.pruning.reconstruct.units import Units
    from pytest_paoding.records.protocol import Progress

Points: TypeAlias = "dict[tuple[int, ...], dict[tuple[str, int], FloatArray]]"
"""Changes of the outputs, by the numbers of inputs of each kind they were measured on, and by the
name of a group and the number of its units removed."""

_MOST, _FEWEST = 128, 8  # inputs of each kind, about
_WORK = 4e11  # multiplications of all forks, of large models with fewer inputs
_LEAST = 0.5  # share of the inputs that a change is measured on
_WRECKED = 1e6  # change of outputs that are no longer numbers
_EIGHTHS = (1, 2, 4, 6, 7)  # parts of a group removed, one point each


def measure(
    units: Sequence[Units], most: IntArray, survey: Survey, known: Points, progress: Progress
) -> list[CostCurve]:
    """Return the curve of every group, of which points that are known are not measured again.

    One wave runs the original model; before the first call that reads a group, it is forked for
    each number of units removed, and the forks run to the end: five half passes at most for each
    group, over 128 inputs of each kind, or as few as 8 where all passes together would take more
    than 4e11 multiplications. Memory: twice the tensors of these inputs that are live at a time.

    Args:
        units: The groups.
        most: How many units of each may leave at most, shape (groups,): curves go no further.
        survey: Moments of what is read, and the inputs.
        known: Points that were measured before, of the same model by the same survey; those that
            are measured here are added.
        progress: Told how many groups are done.
    """
    shown = _shown(most, survey)
    sizes = tuple(shown.sizes)
    asked = [
        (each, _parts(each.width, fewer) if each.first else [])
        for each, fewer in zip(units, most.tolist(), strict=True)
    ]
    points = known.setdefault(sizes, {})
    missing = {
        each: [count for count in parts if (each.name, count) not in points]
        for each, parts in asked
    }
    if any(missing.values()):
        points |= _measured(
            missing, Wave(survey.model, shown.chunks, shown.twins), survey, sizes, progress
        )
    return [_curve(each, parts, points, len(sizes)) for each, parts in asked]


def _measured(
    missing: Mapping[Units, Sequence[int]],
    wave: Wave,
    survey: Survey,
    sizes: Sequence[int],
    progress: Progress,
) -> dict[tuple[str, int], FloatArray]:
    """Return the change of the outputs, by kind of inputs, without some units of one group."""
    reference = wave.fork().finish()
    points, done = {}, 0
    for call in survey.structure.graph.calls:
        for each, counts in missing.items():
            if each.first is call:
                for count in counts:
                    outputs = _without(each, count, survey=survey, wave=wave)
                    points[each.name, count] = output_change(outputs, reference, sizes)
                done += 1
                progress("measuring groups", done, len(missing))
        wave.advance()
    return points


def _shown(most: IntArray, survey: Survey) -> Inputs:
    """Return as many inputs of each kind as can be run through all forks."""
    inputs = survey.inputs
    passes = np.count_nonzero(most) * len(_EIGHTHS) / 2
    work = passes * len(set(inputs.twins)) * multiplications(survey.structure.graph)
    count = int(max(_FEWEST, _WORK // max(1, work)))
    return inputs.heads(_MOST) if count >= _MOST else inputs.first(count)


def _parts(width: int, most: int) -> list[int]:
    """Return the numbers of units removed that are measured, up to the first from `most` on."""
    if not most:
        return []
    counts = sorted({min(width - 1, round(each / 8 * width)) for each in _EIGHTHS} - {0})
    return counts[: int(np.searchsorted(counts, most)) + 1]


def _curve(
    units: Units, parts: Sequence[int], points: Mapping[tuple[str, int], FloatArray], kinds: int
) -> CostCurve:
    """Return the curve through some points; units that nothing reads cost nothing."""
    if not units.first:
        return CostCurve(np.array([0, 1]), np.zeros((kinds, 2)))
    changes = [np.zeros(kinds), *(points[units.name, count] for count in parts)]
    return CostCurve(np.array([0, *parts]), np.maximum.accumulate(changes).T)


def _without(units: Units, count: int, survey: Survey, wave: Wave) -> FloatArray:
    """Return the outputs without some units of one group, after compensation."""
    stay = np.ones(survey.structure.classes.count, bool)
    stay[units.group.units[units.spared(count)]] = False
    model = survey.model
    rewriter = Rewriter(model, stay)
    with model.tried({sites.axis.layer for sites in units.group.contracted}):
        for reader, columns in units.read or ():
            moments = survey.moments[columns]
            rewriter.carry_out(rewriter.compensation(reader, columns, moments))
        units.remove(model.weights, stay)
        return wave.fork().finish()


def output_change(outputs: FloatArray, reference: FloatArray, sizes: Sequence[int]) -> FloatArray:
    """Return the squared change of the outputs relative to their variance, by kind of inputs.

    Outputs that the original does not give in numbers do not count, nor do inputs of which only the
    pruned model makes none, unless they are the most.
    """
    defined = np.isfinite(reference)
    outputs, reference = (np.where(defined, each, 0) for each in (outputs, reference))
    sound = np.asarray(np.isfinite(outputs).all(axis=1))
    changes, start = [], 0
    for size in sizes:
        here = np.arange(start, start + size)[sound[start : start + size]]
        start += size
        if len(here) < _LEAST * size:
            changes.append(_WRECKED)
            continue
        moved = np.square(outputs[here] - reference[here]).sum(axis=1).mean()
        spread = np.square(reference[here] - reference[here].mean(axis=0)).sum(axis=1).mean()
        changes.append(moved / (spread + 1e-9))
    return np.array(changes)
