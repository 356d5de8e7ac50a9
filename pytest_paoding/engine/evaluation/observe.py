"""One pass over the data: what both models say of every sample, attacked and not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Target
from pytest_paoding.engine.evaluation.predict import top_classes
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.attacks.attack import Attack
    from pytest_paoding.engine.evaluation.corruption import Corruptions
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.exported_file import ExportedFile
    from pytest_paoding.engine.evaluation.predict import Predictor
    from pytest_paoding.engine.graph.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model says of some samples.

    Attributes:
        predicted: Top class for each judged output, shape (outputs, samples).
        robust: Whether a sample is classified right, and still so after the attack, on all judged
            outputs; shape (epsilons, attacked samples), without rows where no attack was made.
        flat: Number of samples at which the gradient is zero, so that nothing was tried.
        not_finite: Number of samples whose outputs are not finite.
        transferred: Whether the other model is right on the inputs that attacks on this one came up
            with; shape (epsilons, samples), None where that was not asked.
        distances: How near to each sample something was found that fools the model, shape
            (samples,); 0 where it is wrong anyway, infinite where nothing was found. None where
            the attack does not look for that.
        corrupted: Whether the model is right on each corrupted version of the samples; shape
            (versions, samples), None where there are none.
    """

    predicted: IntArray
    robust: BoolArray
    flat: int
    not_finite: int
    transferred: BoolArray | None = None
    distances: Any = None
    corrupted: Any = None

    def right(self, labels: IntArray) -> BoolArray:
        """Return whether a sample is right on all judged outputs, shape (samples,)."""
        return (self.predicted == labels).all(axis=0)  # type: ignore[no-any-return]  # NumPy's Any


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen in one pass.

    Attributes:
        original: Answers of the model before pruning.
        pruned: Answers of the model after.
        labels: True classes for each judged output, shape (outputs, samples); None without labels.
        epsilons: Strengths of the attack.
        unattacked: Why no attack was made, if so.
        notes: How outputs of unknown kind were taken, if there are any.
        attack: What was tried, such as `pgd, 20 steps`.
        versions: How inputs were corrupted: kinds and severities.
        uncorrupted: Why they were not, if so.
        files: Answers of each exported file.
    """

    original: Answers
    pruned: Answers
    labels: IntArray | None
    epsilons: tuple[float, ...]
    unattacked: str | None
    notes: tuple[str, ...]
    attack: str = "fgsm"
    versions: tuple[tuple[str, int], ...] = ()
    uncorrupted: str | None = None
    files: tuple[Answers, ...] = ()


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
        attack: What to try on both, each with its own gradient. As soon as it refuses a batch no
            further attacks are made.
        corruptions: What else to show both; as soon as it refuses a batch that is not done either.
        files: What was exported from the pruned model. A file has no gradient, so it is shown the
            pruned model's adversarial examples.

    Raises:
        DataError: The data does not fit.
        EvaluationError: Outputs are not finite, or a model cannot be run.
    """
    seen: list[list[Answers]] = [[] for _ in (*predictors, *files)]
    labels: list[IntArray | None] = []
    notes: tuple[str, ...] = ()
    refusal = uncorrupted = None
    done = 0
    for number, batch in enumerate(batches):
        refusal = refusal or attack.refusal(batch)
        if corruptions is not None:
            uncorrupted = uncorrupted or corruptions.refusal(batch)
        inputs = [tf.convert_to_tensor(part) for part in batch.inputs]
        if not labels:
            notes = predictors[0].settle(inputs)
            predictors[1].follow(predictors[0])
        labels.append(_truth(batch))
        truth = np.empty((0, batch.size), np.int64) if labels[-1] is None else labels[-1]
        tried = None if refusal or not attack.epsilons else attack
        targets = [
            Target(each, inputs, truth, np.random.default_rng((attack.seed, number)))
            for each in predictors
        ]
        answers = _all_answers(targets, files, tried, attack.due(done, batch.size))
        for found, each in zip(seen, answers, strict=True):
            found.append(each)
        if corruptions is not None and not uncorrupted:
            versions = corruptions.corrupted(batch.inputs, number)
            right = _seen_through(versions, targets)
            for found, rows in zip(seen, right, strict=False):  # files are not shown them
                found[-1] = replace(found[-1], corrupted=rows)
        done += batch.size
    titles = [*(each.title for each in predictors), *(each.title for each in files)]
    original, pruned, *others = map(_joined, seen, titles)
    return Observations(
        original,
        pruned,
        _side_by_side(labels),
        attack.epsilons,
        refusal,
        notes,
        attack.recipe,
        () if corruptions is None else corruptions.versions,
        uncorrupted,
        tuple(others),
    )


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
    """Return what the original, the pruned model and every file say of a batch."""
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
    """Return what a model says of a batch, of which the first few samples are attacked.

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
    """Return what a file says of a batch: it is robust only where it is right at all."""
    logits = file.logits(target.inputs)
    predicted = top_classes(logits)
    if robust.size:
        right = (predicted == target.labels).all(axis=0)[: robust.shape[1]]
        robust = robust & right
    return Answers(predicted, robust, pruned.flat, _not_finite(logits))


def _seen_through(versions: Iterable[list[Any]], targets: Sequence[Target]) -> list[BoolArray]:
    """Return for each model whether it is right, shape (versions, samples)."""
    right = [[target.right(inputs) for target in targets] for inputs in versions]
    return [np.stack(rows) for rows in zip(*right, strict=True)]


def _not_finite(logits: Sequence[Any]) -> int:
    """Return the number of rows whose softmax is undefined; minus infinity means never."""
    undefined = [~np.isfinite(each.numpy().max(axis=1)) for each in logits]
    return int(np.any(undefined, axis=0).sum())


def _joined(found: Sequence[Answers], title: str) -> Answers:
    predicted = np.concatenate([each.predicted for each in found], axis=1)
    not_finite = sum(each.not_finite for each in found)
    if not_finite:
        raise EvaluationError(
            f"the outputs of the {title} model are not finite for {not_finite} of "
            f"{predicted.shape[1]} samples"
        )
    rows = min(len(each.robust) for each in found)
    return Answers(
        predicted,
        np.concatenate([each.robust[:rows] for each in found], axis=1),
        sum(each.flat for each in found),
        0,
        _side_by_side([each.transferred for each in found]),
        _side_by_side([each.distances for each in found]),
        _side_by_side([each.corrupted for each in found]),
    )


def _side_by_side(parts: Sequence[Any]) -> Any:
    """Return what batches have along their last axis, the samples; None where none has any."""
    known = [each for each in parts if each is not None]
    return np.concatenate(known, axis=-1) if known else None
