"""Class answers: what both models say of the samples that count at an output of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask

if TYPE_CHECKING:
    from pytest_paoding.engine.evaluation.observing.answers import Observations
    from pytest_paoding.engine.graph.types import IntArray


@dataclass(frozen=True, slots=True)
class ClassAnswers:
    """The classes of the samples that count at one output, and what both models take them for.

    Attributes:
        task: The task of the output.
        truth: True classes, shape (samples,).
        before: What the original says, likewise.
        after: What the model after pruning says.
    """

    task: ClassTask
    truth: IntArray
    before: IntArray
    after: IntArray


def class_answers(seen: Observations) -> list[ClassAnswers]:
    """Return the answers at each output of classes, in order; none where there are no labels."""
    if seen.labels is None:
        return []
    tasks = [(place, task) for place, task in enumerate(seen.tasks) if isinstance(task, ClassTask)]
    sides = zip(seen.labels, seen.original.predicted, seen.pruned.predicted, strict=True)
    return [
        ClassAnswers(task, *(side[seen.counts_at(place)] for side in rows))
        for (place, task), rows in zip(tasks, sides, strict=True)
    ]
