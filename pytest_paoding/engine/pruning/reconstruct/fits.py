"""Fits: what stays by a plan is fitted to the original, and the plan that fits best is taken.

Which one that is, mixtures of the inputs tell, that no fit has seen: on the inputs themselves a
plan may be the nearest because it has the most weights to fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isnan, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.inputs.inputs import chunked
from pytest_paoding.engine.pruning.reconstruct.refit import IMAGE_RIDGE, VECTOR_RIDGE
from pytest_paoding.engine.pruning.reconstruct.rewrite import Rewriter
from pytest_paoding.engine.pruning.reconstruct.widths.curves import output_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.pruning.gradients.lessons import Lesson
    from pytest_paoding.engine.pruning.reconstruct.readers import Reader
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey
    from pytest_paoding.engine.pruning.reconstruct.units import Units
    from pytest_paoding.engine.pruning.task import Task


_MIXTURES = 512
_ROWS = 2  # sampled outputs for each weight that is fitted
_MOST_SHOWN, _FEWEST_SHOWN = 2, 4  # of so many inputs one is shown to a plan that is tried


@dataclass(frozen=True, slots=True, eq=False)
class Fits:
    """Plans that are carried out.

    Attributes:
        task: The task.
        survey: Samples of the original.
        readers: Its readers, in order.
        units: The groups that shrink.
    """

    task: Task
    survey: Survey
    readers: Sequence[Reader]
    units: Sequence[Units]

    def nearest(self, stays: Sequence[BoolArray], lesson: Lesson) -> BoolArray:
        """Carry out the plan whose outputs are the nearest to the original's; return its mask.

        Which one that is, a part of the inputs tells.

        Cost: a pass over all inputs and O(columns^3) for each reader; where there are several
        plans, a pass over a quarter or a half of the inputs and O(columns^3) for each of them more.

        Args:
            stays: Masks of the classes that stay, shape (classes,), one for each plan.
            lesson: The original's answers to mixtures of the inputs.
        """
        chosen = stays[0] if len(stays) == 1 else self._nearest(stays, lesson)
        self.carry_out(chosen)
        return chosen

    def _nearest(self, stays: Sequence[BoolArray], lesson: Lesson) -> BoolArray:
        model, step = self.survey.model, min(map(self._step, stays))
        trial = replace(self, survey=self.survey.every(step))
        distances = []
        for stay in stays:
            with model.tried(_weighted(model.graph)):
                trial.carry_out(stay, last=False)
                distance = _distance(model, lesson)
            distances.append(inf if isnan(distance) else distance)
        return stays[distances.index(min(distances))]

    def _step(self, stay: BoolArray) -> int:
        """Return out of how many inputs one is enough to tell how well a plan can be fitted.

        That is so where each reader is sampled at two outputs for every weight that it keeps.
        """
        rows = [
            len(self.survey.samples[reader].inputs) / self._weights(reader, stay)
            for reader in self.readers
        ]
        return int(np.clip(min(rows, default=inf) / _ROWS, _MOST_SHOWN, _FEWEST_SHOWN))

    def _weights(self, reader: Reader, stay: BoolArray) -> int:
        """Return how many weights a reader keeps for each of its outputs, at least one."""
        columns = int(stay[reader.axis.classes].sum())
        return max(1, columns * int(prod(reader.layer.kernel.shape[:-2])))

    def carry_out(self, stay: BoolArray, *, last: bool = True) -> None:
        """Remove units, and rewrite every reader on the results of the pruned model before it.

        Readers before the first removal are left as they are.

        Args:
            stay: Mask of the classes that stay, shape (classes,).
            last: Whether no other plan is to be tried: results of the original are let go.
        """
        survey, model = self.survey, self.survey.model
        moved_before = self._remove(stay)
        strength = IMAGE_RIDGE if self.task.sources.pictures else VECTOR_RIDGE
        rewriter = Rewriter(model, stay, strength)
        by_call = {reader.call: reader for reader in self.readers}
        wave = Wave(model, survey.inputs.chunks, survey.inputs.twins)
        done, moved = 0, False
        for call in survey.structure.graph.calls:
            moved = moved or call.operation in moved_before
            if call in by_call:
                reader = by_call[call]
                moved = self._compensated(reader, wave, rewriter) or moved
                if moved:
                    patches = survey.samples[reader].patches(wave.values[call.inputs[0]])
                    rewriter.refit(reader, patches, survey.targets[reader])
                if last:
                    del survey.targets[reader]
                done += 1
                self.task.progress("reconstructing", done, len(self.readers))
            wave.advance()
        rewriter.settle_offsets()

    def _remove(self, stay: BoolArray) -> set[Any]:
        """Remove units of groups that no reader reads; return the layers that this changes."""
        changed = set()
        for each in self.units:
            each.remove(self.survey.model.weights, stay)
            if each.read is None:
                changed |= {
                    sites.axis.layer
                    for sites in each.group.contracted
                    if not stay[sites.axis.classes].all()
                }
        return changed

    def _compensated(self, reader: Reader, wave: Wave, rewriter: Rewriter) -> bool:
        """Let the columns of a reader that stay take over from the others; whether some go."""
        going = [each for each in reader.columns if not rewriter.stay[each.classes].all()]
        for columns in going:
            look = self.survey.look(reader, columns, wave)
            rewriter.carry_out(rewriter.compensation(reader, columns, look))
        return bool(going)


def _distance(model: Model, lesson: Lesson) -> float:
    """Return the squared change of a model's outputs to mixtures, relative to their variance."""
    *mixtures, answers = lesson.shown(min(_MIXTURES, lesson.room))
    chunks = chunked(model.graph, dict(zip(model.graph.inputs, mixtures, strict=True))).chunks
    outputs = np.concatenate([Wave(model, [chunk]).finish() for chunk in chunks])
    return float(output_change(outputs, answers, [len(answers)]).mean())


def _weighted(graph: Graph) -> list[Any]:
    """Return the layers that have weights."""
    operations = dict.fromkeys(call.operation for call in graph.calls)
    return [each for each in operations if getattr(each, "weights", None)]
