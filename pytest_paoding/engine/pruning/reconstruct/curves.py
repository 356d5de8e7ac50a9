"""Curves: the cost of shrinking each group alone, measured at the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.pruning.reconstruct.allocation import CostCurve
from pytest_paoding.engine.pruning.reconstruct.rewrite import Rewriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey
    from pytest_paoding.engine.pruning.reconstruct.units import Units
    from pytest_paoding.records.protocol import Progress

_INPUTS = 128  # inputs of each kind
_LEAST = 0.5  # share of the inputs that a change is measured on
_WRECKED = 1e6  # change of outputs that are no longer numbers
_EIGHTHS = (1, 2, 4, 6, 7)  # parts of a group removed, one point each


def measure(units: Sequence[Units], survey: Survey, progress: Progress) -> list[CostCurve]:
    """Return the curve of every group.

    One wave runs the original model; before the first call that reads a group, it is forked for
    each number of units removed, and the forks run to the end. O(groups) half passes over a few
    inputs.
    """
    inputs, model = survey.inputs, survey.model
    kinds = inputs.heads(_INPUTS)
    chosen = [index for kind in kinds for index in kind]
    chunks = [inputs.chunks[index] for index in chosen]
    wave = Wave(model, chunks, [inputs.twins[index] for index in chosen])
    sizes = [sum(len(next(iter(inputs.chunks[i].values()))) for i in kind) for kind in kinds]
    reference = wave.fork().finish()
    curves: dict[str, CostCurve] = {}
    for call in survey.structure.graph.calls:
        for each in units:
            if each.first is call:
                curves[each.name] = _curve(each, survey, wave, reference, sizes)
                progress("measuring groups", len(curves), len(units))
        wave.advance()
    free = CostCurve(np.array([0, 1]), np.zeros((len(kinds), 2)))  # units that nothing reads
    return [curves.get(each.name, free) for each in units]


def _curve(
    units: Units, survey: Survey, wave: Wave, reference: FloatArray, sizes: Sequence[int]
) -> CostCurve:
    removed, changes = [0], [np.zeros(len(sizes))]
    for eighths in _EIGHTHS:
        count = min(units.width - 1, round(eighths / 8 * units.width))
        if count > removed[-1]:
            outputs = _without(units, units.spared(count), survey, wave)
            removed.append(count)
            changes.append(np.maximum(_change(outputs, reference, sizes), changes[-1]))
    return CostCurve(np.array(removed), np.array(changes).T)


def _without(units: Units, rows: IntArray, survey: Survey, wave: Wave) -> FloatArray:
    """Return the outputs without some units of one group, after compensation."""
    stay = np.ones(survey.structure.classes.count, bool)
    stay[units.group.units[rows]] = False
    model = survey.model
    rewriter = Rewriter(model, stay)
    with model.tried({sites.axis.layer for sites in units.group.contracted}):
        for reader, columns in units.read or ():
            moments = survey.moments[columns]
            rewriter.carry_out(rewriter.compensation(reader, columns, moments))
        units.remove(model.weights, stay)
        return wave.fork().finish()


def _change(outputs: FloatArray, reference: FloatArray, sizes: Sequence[int]) -> FloatArray:
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
