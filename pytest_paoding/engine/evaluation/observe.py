"""One pass over the data: both models and every file side by side, attacked and not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.answers import Answers, Observations, side_by_side
from pytest_paoding.engine.evaluation.attacks.attack import Attack, Target
from pytest_paoding.engine.evaluation.corruption import Corruptions
from pytest_paoding.engine.evaluation.predict import GradientError, top_classes
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.exported_file import ExportedFile
    from pytest_paoding.engine.evaluation.predict import Predictor
    from pytest_paoding.engine.graph.types import BoolArray, IntArray

_Trial = TypeVar("_Trial", Attack, Corruptions)


def observe(
    batches: Iterable[Batch],
    predictors: tuple[Predictor, Predictor],
    attack: Attack,
    corruptions: Corruptions | None = None,
    files: Sequence[ExportedFile] = (),
) -> Observations:
    """Run the original and the pruned model side by side, attacked and not.

    Args:
        batches: The data; read once.
        predictors: The original model and the pruned one.
        attack: The attack on both, each with its own gradient, until it refuses a batch.
        corruptions: What to do to the inputs of both besides, until a batch is refused as well.
        files: What was exported from the pruned model. A file has no gradient, so it is shown the
            pruned model's adversarial examples.

    Raises:
        DataError: The data does not fit.
        EvaluationError: Outputs are not finite, or a model cannot be run.
    """
    attacking = _UntilRefused(attack if attack.epsilons else None)
    corrupting = _UntilRefused(corruptions)
    titles = [*(each.title for each in predictors), *(each.title for each in files)]
    records = [_Record(title) for title in titles]
    labels: list[IntArray | None] = []
    notes: tuple[str, ...] = ()
    done = 0
    for number, batch in enumerate(batches):
        inputs = [tf.convert_to_tensor(part) for part in batch.inputs]
        if not number:
            notes = predictors[0].settle(inputs)
            predictors[1].follow(predictors[0])
        labels.append(_truth(batch))
        truth = np.empty((0, batch.size), np.int64) if labels[-1] is None else labels[-1]
        targets = [
            Target(each, inputs, truth, np.random.default_rng((attack.seed, number)))
            for each in predictors
        ]
        due = attack.due(done, batch.size)
        try:
            answers = _all_answers(targets, files, attacking.on(batch), due)
        except GradientError as error:
            attacking.refusal = str(error)
            answers = _all_answers(targets, files, None, due)
        if worse := corrupting.on(batch):
            versions = worse.corrupted(batch.inputs, number)
            answers[:2] = _with_corrupted(answers[:2], targets, versions)
        for record, each in zip(records, answers, strict=True):
            record.batches.append(each)
        for record, target, each in zip(records, targets, answers, strict=False):
            if each.not_finite and record.broken_by is None:
                record.broken_by = target.predictor.first_not_finite(inputs)
        done += batch.size
    original, pruned, *others = (each.total() for each in records)
    return Observations(
        original,
        pruned,
        side_by_side(labels),
        attack.epsilons,
        attacking.refusal,
        notes,
        attack.recipe,
        () if corruptions is None else corruptions.versions,
        corrupting.refusal,
        tuple(others),
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

    def total(self) -> Answers:
        """Return the answers to all batches.

        Raises:
            EvaluationError: Some outputs are not finite.
        """
        answers = Answers.joined(self.batches)
        if answers.not_finite:
            where = f": layer {self.broken_by!r} is the first that is not" if self.broken_by else ""
            raise EvaluationError(
                f"the outputs of the {self.title} model are not finite for {answers.not_finite} of "
                f"{answers.predicted.shape[1]} samples{where}"
            )
        return answers


def _truth(batch: Batch) -> IntArray | None:
    """Return the labels of a batch in the order of the outputs, shape (outputs, samples)."""
    if not batch.labels:
        return None
    return np.stack([batch.labels[index] for index in sorted(batch.labels)])


def _all_answers(
    targets: Sequence[Target],
    files: Sequence[ExportedFile],
    attack: Attack | None,
    looked_at: int,
) -> list[Answers]:
    """Return the answers of the original, the pruned model and every file to a batch."""
    original, shown = _answers(targets[0], attack, looked_at, [targets[1].predictor])
    if shown:
        original = replace(original, transferred=shown[0])
    pruned, shown = _answers(targets[1], attack, looked_at, files)
    robust = shown or [pruned.robust] * len(files)
    return [
        original,
        pruned,
        *(
            _of_file(file, targets[1], pruned, rows)
            for file, rows in zip(files, robust, strict=True)
        ),
    ]


def _answers(
    target: Target,
    attack: Attack | None,
    looked_at: int,
    witnesses: Sequence[Predictor | ExportedFile],
) -> tuple[Answers, list[BoolArray]]:
    """Return the answers of a model to a batch, the first few samples of which are attacked.

    Args:
        target: The model and the batch.
        attack: What to try; None for nothing.
        looked_at: Number of samples to try it on.
        witnesses: Others that are shown the examples made on this one.

    Returns:
        The answers, and whether each witness is right, shape (epsilons, samples); none of these
        where nothing was tried.
    """
    size = target.labels.shape[1]
    attempt, part = None, target
    if attack is not None and looked_at:
        part = target if looked_at == size else target.only(np.arange(looked_at))
        attempt = attack.attempt(part)
    whole = attempt is not None and looked_at == size
    logits = attempt.logits if attempt and whole else target.predictor.logits(target.inputs)
    predicted, not_finite = top_classes(logits), _not_finite(logits)
    if attempt is None:
        rows = 0 if attack is None else len(attack.epsilons)
        return Answers(predicted, np.empty((rows, 0), bool), 0, not_finite), []
    right = (predicted == target.labels).all(axis=0)[:looked_at]
    others = [replace(part, predictor=witness) for witness in witnesses]
    seen = [[each.right(example) for each in (part, *others)] for example in attempt.examples]
    own, *shown = (np.stack(rows) for rows in zip(*seen, strict=True))
    answers = Answers(predicted, own & right, attempt.flat, not_finite, distances=attempt.distances)
    return answers, shown


def _of_file(file: ExportedFile, target: Target, pruned: Answers, robust: BoolArray) -> Answers:
    """Return the answers of a file to a batch; it is robust only where it is right at all."""
    logits = file.logits(target.inputs)
    predicted = top_classes(logits)
    if robust.size:
        right = (predicted == target.labels).all(axis=0)[: robust.shape[1]]
        robust = robust & right
    return Answers(predicted, robust, pruned.flat, _not_finite(logits))


def _with_corrupted(
    answers: Sequence[Answers], targets: Sequence[Target], versions: Iterable[list[Any]]
) -> list[Answers]:
    """Return the answers of both models, those to corrupted versions of the batch included."""
    right = [[target.right(inputs) for target in targets] for inputs in versions]
    rows = (np.stack(each) for each in zip(*right, strict=True))
    return [replace(each, corrupted=found) for each, found in zip(answers, rows, strict=True)]


def _not_finite(logits: Sequence[Any]) -> int:
    """Return the number of rows whose softmax is undefined; minus infinity means never."""
    undefined = [~np.isfinite(each.numpy().max(axis=1)) for each in logits]
    return int(np.any(undefined, axis=0).sum())
