"""One pass over the data: both models and every file side by side, attacked and not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Attack, Target
from pytest_paoding.engine.evaluation.corruption import Corruptions
from pytest_paoding.engine.evaluation.observing.answers import Answers, Observations
from pytest_paoding.engine.evaluation.observing.counting import Counting
from pytest_paoding.engine.evaluation.observing.look import Look
from pytest_paoding.engine.evaluation.observing.masked import Masking
from pytest_paoding.engine.evaluation.observing.predict import GradientError
from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask
from pytest_paoding.errors import DataError, EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.asked_scores import AskedScore
    from pytest_paoding.engine.evaluation.breakdown.flips import FlipRecorder
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.observing.exported_file import ExportedFile
    from pytest_paoding.engine.evaluation.observing.predict import Predictor
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask, Truth
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray

_Trial = TypeVar("_Trial", Attack, Corruptions)


def observe(  # noqa: PLR0913 - all that one pass is about
    batches: Iterable[Batch],
    predictors: tuple[Predictor, Predictor],
    attack: Attack,
    *,
    corruptions: Corruptions | None = None,
    files: Sequence[ExportedFile] = (),
    scores: Sequence[AskedScore] = (),
    flips: FlipRecorder | None = None,
) -> Observations:
    """Run the original and the pruned model side by side, attacked and not.

    Args:
        batches: The data; read once.
        predictors: The original model and the pruned one.
        attack: The attack on both, each with its own gradient, until it refuses a batch.
        corruptions: What to do to the inputs of both besides, until a batch is refused as well.
        files: What was exported from the pruned model. A file has no gradient, so it is shown the
            pruned model's adversarial examples.
        scores: What is compared besides what is right.
        flips: What keeps the samples whose answer flips.

    Raises:
        DataError: The data does not fit.
        EvaluationError: Outputs are not finite, or a model cannot be run.
    """
    attacking = _UntilRefused(attack if attack.epsilons else None)
    if attacking.trial is not None:
        attacking.refusal = attack.unsuited(predictors[0].tasks)
    corrupting = _UntilRefused(corruptions)
    masking, counting = Masking(predictors[0]), Counting(predictors[0].judged)
    titles = [*(each.title for each in predictors), *(each.title for each in files)]
    records = [_Record(title) for title in titles]
    truths: list[dict[int, Truth]] = []
    notes: tuple[str, ...] = ()
    done = 0
    for number, batch in enumerate(batches):
        inputs = [tf.convert_to_tensor(part) for part in batch.inputs]
        if not number:
            notes = predictors[0].settle(inputs)
            predictors[1].follow(predictors[0])
        batch = masking.on(batch, inputs)  # noqa: PLW2901 - the same samples
        truths.append(dict(batch.truths))
        counting.take(batch)
        counted = tuple(
            batch.truths[index].counted for index in predictors[0].judged if batch.truths
        )
        targets = [
            Target(each, inputs, counted, np.random.default_rng((attack.seed, number)))
            for each in predictors
        ]
        look = Look(batch, scores, targets, files, attack.due(done, batch.size))
        try:
            answers = look.answers(attacking.on(batch))
        except GradientError as error:
            attacking.refusal = str(error)
            answers = look.answers(None)
        if flips is not None:
            flips.take(batch, look.forms, answers)
        if worse := corrupting.on(batch):
            versions = worse.corrupted(batch.inputs, number)
            answers[:2] = _with_corrupted(answers[:2], targets, versions)
        for record, each in zip(records, answers, strict=True):
            record.batches.append(each)
        for record, target, each in zip(records, targets, answers, strict=False):
            if each.not_finite and record.broken_by is None:
                record.broken_by = target.predictor.first_not_finite(inputs)
        done += batch.size
    original, pruned, *others = (each.total(scores) for each in records)
    tasks = predictors[0].tasks
    return Observations(
        original=original,
        pruned=pruned,
        tasks=tasks,
        labels=_class_labels(truths, predictors[0]),
        scores=tuple(scores),
        weights=tuple(_sample_weights(each) for each in _by_output(truths, predictors[0])),
        counts=_counted(counting.found, tasks),
        epsilons=attack.epsilons,
        unattacked=attacking.refusal,
        notes=(*(task.note for task in tasks if task.note is not None), *notes),
        attack=attack.recipe,
        versions=() if corruptions is None else corruptions.versions,
        uncorrupted=corrupting.refusal,
        files=tuple(others),
    )


@dataclass(slots=True)
class _UntilRefused(Generic[_Trial]):
    """Something that is tried on every batch, until it refuses one.

    Attributes:
        trial: What is tried, if anything.
        refusal: Why it was given up; None while it is not.
    """

    trial: _Trial | None
    refusal: str | None = None

    def on(self, batch: Batch) -> _Trial | None:
        """Return what to try on the next batch, if anything."""
        if self.trial is not None and self.refusal is None:
            self.refusal = self.trial.refusal(batch)
        return self.trial if self.refusal is None else None


@dataclass(slots=True)
class _Record:
    """The answers of one model or file, batch by batch, and the first layer that is not finite."""

    title: str
    batches: list[Answers] = field(default_factory=list)
    broken_by: str | None = None

    def total(self, scores: Sequence[AskedScore]) -> Answers:
        """Return the answers to all batches.

        Args:
            scores: The scores that have kept something of each.

        Raises:
            EvaluationError: Some outputs are not finite.
        """
        answers = Answers.joined(self.batches, scores)
        if answers.not_finite:
            where = f": layer {self.broken_by!r} is the first that is not" if self.broken_by else ""
            raise EvaluationError(
                f"the outputs of the {self.title} model are not finite for {answers.not_finite} of "
                f"{answers.size} samples{where}"
            )
        return answers


def _class_labels(truths: Sequence[dict[int, Truth]], predictor: Predictor) -> IntArray | None:
    """Return the classes of each output that has one, shape (outputs, samples)."""
    if not truths[0]:
        return None
    places = [
        index
        for index, task in zip(predictor.judged, predictor.tasks, strict=True)
        if isinstance(task, ClassTask)
    ]
    rows = [np.concatenate([each[index].values for each in truths]) for index in places]
    return np.stack(rows) if rows else np.empty((0, sum(map(_size, truths))), np.int64)


def _size(truths: dict[int, Truth]) -> int:
    return len(next(iter(truths.values())))


def _by_output(truths: Sequence[dict[int, Truth]], predictor: Predictor) -> list[list[Truth]]:
    """Return what is true of all batches, for each judged output; nothing without labels."""
    if not truths[0]:
        return []
    return [[batch[index] for batch in truths] for index in predictor.judged]


def _sample_weights(batches: Sequence[Truth]) -> FloatArray | None:
    """Return how much each sample counts at an output, besides its places; None if all alike."""
    known = [
        np.ones(len(each)) if each.weights is None or each.weights.ndim > 1 else each.weights
        for each in batches
    ]
    found = np.concatenate(known)
    return None if (found == 1).all() else found


def _counted(found: BoolArray | None, tasks: Sequence[OutputTask]) -> BoolArray | None:
    """Return which samples count at each output, shape (outputs, samples); None if all do.

    Raises:
        DataError: At some output none does.
    """
    for task, counts in zip(tasks, () if found is None else found, strict=False):
        if not counts.any():
            raise DataError(
                f"nothing of output {task.port.name!r} counts: all its sample weights are 0, or "
                f"its loss or masks leave all out; give no labels for what is not to be judged"
            )
    return found


def _with_corrupted(
    answers: Sequence[Answers], targets: Sequence[Target], versions: Iterable[list[Any]]
) -> list[Answers]:
    """Return the answers of both models, those to corrupted versions of the batch included."""
    right = [[target.right(inputs) for target in targets] for inputs in versions]
    rows = (np.stack(each) for each in zip(*right, strict=True))
    return [replace(each, corrupted=found) for each, found in zip(answers, rows, strict=True)]
