"""Outputs without labels beside outputs that have some: what both models and all files answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.observing.answers import Answers, Observations
from pytest_paoding.engine.evaluation.observing.counting import Counting
from pytest_paoding.engine.evaluation.observing.look import Look
from pytest_paoding.engine.evaluation.observing.masked import Masking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
    from pytest_paoding.engine.evaluation.observing.predict import Predictor
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask


@dataclass(slots=True)
class Bystanders:
    """Looks at outputs that have no labels, one by one.

    Attributes:
        predictors: The original and the pruned model, which judge these outputs only.
        files: What was exported from the pruned model.
    """

    predictors: tuple[Predictor, Predictor]
    files: Sequence[ExportedFile] = ()
    _masking: Masking = field(init=False)
    _counting: Counting = field(init=False)
    _notes: tuple[str, ...] | None = field(default=None, init=False)
    _seen: list[list[list[Answers]]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Ask the original which positions count."""
        self._masking = Masking(self.predictors[0])
        self._counting = Counting(self.predictors[0].judged)

    def watched(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches, having looked at each.

        Cost: a run of both models and of every file, besides those of the outputs with labels.

        Raises:
            EvaluationError: A model or file cannot be run on them.
        """
        for batch in batches:
            self._take(batch)
            yield batch

    def observations(self) -> Iterator[Observations]:
        """Yield what was seen of each output."""
        counts = [None] * len(self._seen) if (found := self._counting.found) is None else found
        for task, batches, known in zip(self.predictors[0].tasks, self._seen, counts, strict=True):
            original, pruned, *files = (Answers.joined(each, ()) for each in batches)
            notes = (*filter(None, [task.note]), *(self._notes or ()))
            yield Observations(
                original=original,
                pruned=pruned,
                tasks=(task,),
                labels=None,
                counts=None if known is None else known[np.newaxis],
                notes=notes,
                files=tuple(files),
            )

    def _take(self, batch: Batch) -> None:
        inputs = [tf.convert_to_tensor(part) for part in batch.inputs]
        models: list[Predictor | ExportedFile] = [*self.predictors, *self.files]
        if self._notes is None:
            self._notes = self.predictors[0].settle(inputs)
            self.predictors[1].follow(self.predictors[0])
            self._seen = [[[] for _ in models] for _ in self.predictors[0].tasks]
        forms = [each.forms(inputs) for each in models]
        masked = self._masking.on(replace(batch, truths={}), inputs)
        self._counting.take(masked)
        outputs = zip(self.predictors[0].judged, self.predictors[0].tasks, self._seen, strict=True)
        for place, (index, task, kept) in enumerate(outputs):
            shown = [_OneOutput((index,), (task,), [each[place]]) for each in forms]
            for record, answers in zip(kept, _answers(masked, inputs, shown), strict=True):
                record.append(answers)


@dataclass(frozen=True, slots=True)
class _OneOutput:
    """The forms that a model has given for one of its outputs, in the place of the model."""

    judged: tuple[int, ...]
    tasks: tuple[OutputTask, ...]
    given: list[Any]

    def forms(self, inputs: Sequence[Any]) -> list[Any]:
        """Return them, whatever the inputs."""
        del inputs
        return self.given


def _answers(batch: Batch, inputs: list[Any], shown: Sequence[Any]) -> list[Answers]:
    original, pruned, *files = shown
    generator = np.random.default_rng(0)  # nothing is drawn
    targets = [Target(each, inputs, (), generator) for each in (original, pruned)]
    return Look(batch, (), targets, files, 0).answers(None)
