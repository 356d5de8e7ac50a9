"""One pass over the data: what both models say of every sample, attacked and not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.evaluation.attack import FastGradientSign
    from pytest_paoding.evaluation.data import Batch
    from pytest_paoding.evaluation.files import ExportedFile
    from pytest_paoding.evaluation.predict import Predictor
    from pytest_paoding.graph.labels import IntArray
    from pytest_paoding.graph.walk import BoolArray


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model says of some samples.

    Attributes:
        predicted: Top class for each judged output, shape (outputs, samples).
        robust: Whether a sample is classified right, and still so after the attack, on all judged
            outputs; shape (epsilons, samples), without rows where no attack was made.
        flat: Number of samples at which the gradient is zero, so that nothing was tried.
        not_finite: Number of samples whose outputs are not finite.
    """

    predicted: IntArray
    robust: BoolArray
    flat: int
    not_finite: int

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
        files: Answers of each exported file.
    """

    original: Answers
    pruned: Answers
    labels: IntArray | None
    epsilons: tuple[float, ...]
    unattacked: str | None
    notes: tuple[str, ...]
    files: tuple[Answers, ...] = ()


def observe(
    batches: Iterable[Batch],
    predictors: tuple[Predictor, Predictor],
    attack: FastGradientSign,
    files: Sequence[ExportedFile] = (),
) -> Observations:
    """Run the original and the pruned model side by side, attacked and not.

    Args:
        batches: The data; read once.
        predictors: The original model and the pruned one.
        attack: What to try on both, each with its own gradient. As soon as it refuses a batch no
            further attacks are made.
        files: What was exported from the pruned model. A file has no gradient, so it is shown the
            pruned model's adversarial examples.

    Raises:
        DataError: The data does not fit.
        EvaluationError: Outputs are not finite, or a model cannot be run.
    """
    seen: list[list[Answers]] = [[] for _ in (*predictors, *files)]
    labels: list[IntArray | None] = []
    notes: tuple[str, ...] = ()
    refusal: str | None = None
    for batch in batches:
        refusal = refusal or attack.refusal(batch)
        inputs = [tf.convert_to_tensor(part) for part in batch.inputs]
        if not labels:
            notes = predictors[0].settle(inputs)
            predictors[1].follow(predictors[0])
        labels.append(_truth(batch))
        for predictor, found in zip(predictors, seen, strict=False):
            tried = _tried(predictor, inputs, labels[-1], None if refusal else attack)
            found.append(_answers(predictor, tried, labels[-1]))
        for file, found in zip(files, seen[len(predictors) :], strict=True):
            found.append(_answers(file, replace(tried, logits=file.logits(inputs)), labels[-1]))
    titles = [*(each.title for each in predictors), *(each.title for each in files)]
    original, pruned, *others = map(_joined, seen, titles)
    return Observations(
        original,
        pruned,
        _all_labels(labels),
        attack.epsilons,
        refusal,
        notes,
        tuple(others),
    )


def _truth(batch: Batch) -> IntArray | None:
    """Return the labels of a batch in the order of the outputs, shape (outputs, samples)."""
    if not batch.labels:
        return None
    return np.stack([batch.labels[index] for index in sorted(batch.labels)])


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a batch came to: logits for it, adversarial examples, samples without gradient."""

    logits: Sequence[Any]
    examples: Sequence[Sequence[Any]] = ()
    flat: int = 0


def _tried(
    predictor: Predictor,
    inputs: Sequence[Any],
    labels: IntArray | None,
    attack: FastGradientSign | None,
) -> _Tried:
    if attack is None or labels is None or not attack.epsilons:
        return _Tried(predictor.logits(inputs))
    logits, gradients = predictor.gradients(inputs, labels)
    return _Tried(logits, list(attack.examples(inputs, gradients)), _flat(gradients))


def _answers(runner: Predictor | ExportedFile, tried: _Tried, labels: IntArray | None) -> Answers:
    predicted, not_finite = _top(tried.logits), _not_finite(tried.logits)
    if not tried.examples:
        return Answers(predicted, np.empty((0, predicted.shape[1]), bool), 0, not_finite)
    right = (predicted == labels).all(axis=0)
    attacked = [(_top(runner.logits(example)) == labels).all(axis=0) for example in tried.examples]
    return Answers(predicted, np.stack(attacked) & right, tried.flat, not_finite)


def _top(logits: Sequence[Any]) -> IntArray:
    return np.stack([each.numpy().argmax(axis=1) for each in logits])


def _not_finite(logits: Sequence[Any]) -> int:
    """Return the number of rows whose softmax is undefined; minus infinity means never."""
    undefined = [~np.isfinite(each.numpy().max(axis=1)) for each in logits]
    return int(np.any(undefined, axis=0).sum())


def _flat(gradients: Sequence[Any]) -> int:
    """Return the number of samples whose gradient is zero in all inputs."""
    steep = [
        (each.numpy() != 0).reshape(len(each), -1).any(axis=1)
        for each in gradients
        if each is not None
    ]
    return int((~np.any(steep, axis=0)).sum())


def _joined(found: Sequence[Answers], title: str) -> Answers:
    predicted = np.concatenate([each.predicted for each in found], axis=1)
    not_finite = sum(each.not_finite for each in found)
    if not_finite:
        raise EvaluationError(
            f"the outputs of the {title} model are not finite for {not_finite} of "
            f"{predicted.shape[1]} samples"
        )
    rows = min(len(each.robust) for each in found)
    robust = np.concatenate([each.robust[:rows] for each in found], axis=1)
    return Answers(predicted, robust, sum(each.flat for each in found), 0)


def _all_labels(labels: Sequence[IntArray | None]) -> IntArray | None:
    known = [each for each in labels if each is not None]
    return np.concatenate(known, axis=1) if known else None
