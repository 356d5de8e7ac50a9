"""Truth, answers and weights of a batch, checked, and brought to one layout for every task."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_paoding.errors import DataError, EvaluationError

THRESHOLD = 0.5
"""The probability above which a label is given."""

_MATRIX = 2


@dataclass(frozen=True, slots=True)
class Places:
    """A batch: every sample has as many places, each with a truth, an answer and a weight.

    Attributes:
        truth: Shape (samples, places): class numbers, 0 or 1, or values. Class 0 where the weight
            is 0.
        answer: Shape (samples, places, classes) for class numbers, else (samples, places); float32
            or float64.
        weights: Shape (samples, places), float64, not negative; None where all are 1.
    """

    truth: npt.NDArray[Any]
    answer: npt.NDArray[Any]
    weights: npt.NDArray[np.float64] | None = None

    def total(self, values: Any) -> Any:
        """Return the weighted sum of `values`, shape (samples, places), for each sample."""
        if self.weights is None:
            return values.sum(axis=1, dtype=np.float64)
        weighted = np.zeros(self.weights.shape)
        np.multiply(values, self.weights, out=weighted, where=self.weights > 0)
        return weighted.sum(axis=1)

    def amounts(self) -> Any:
        """Return the sum of the weights for each sample."""
        if self.weights is None:
            return np.full(len(self.truth), float(self.truth.shape[1]))
        return self.weights.sum(axis=1)


Layout: TypeAlias = Callable[[Any, Any, Any], Places]
"""From truth, answer and weights as a task has them to places."""


def classes_at_places(truth: Any, answer: Any, weights: Any = None) -> Places:
    """Lay out class numbers, shape (samples, *places), and logits, with one axis more at the end.

    Without any place axis every sample is one place.

    Raises:
        DataError: Shapes do not go together, or the truth holds what is no class of the answer.
    """
    truth, answer = np.asarray(truth), _floating(answer)
    if answer.shape[:-1] != truth.shape or not truth.ndim:
        raise DataError(
            f"truth of shape {truth.shape} does not fit answers of shape {answer.shape}: expected "
            f"a class number for each row of answers, shape {answer.shape[:-1]}"
        )
    places = _weighed(weights, truth)
    known = truth if places is None else np.where(places.reshape(truth.shape) > 0, truth, 0)
    with np.errstate(invalid="ignore"):  # NaN is no whole number either
        numbers = known.astype(np.int64)
    classes = answer.shape[-1]
    if (numbers != known).any():
        raise DataError("truth holds numbers that are not whole: it must hold class numbers")
    if numbers.size and (numbers.min() < 0 or numbers.max() >= classes):
        raise DataError(
            f"truth runs from {numbers.min()} to {numbers.max()}: the {classes} classes of the "
            f"answers are numbered from 0 to {classes - 1}; what is to be ignored needs weight 0"
        )
    flat = _flat(numbers)
    return Places(flat, answer.reshape(*flat.shape, classes), places)


def two_classes(truth: Any, answer: Any, weights: Any = None) -> Places:
    """Lay out the classes 0 and 1, shape (samples,), and logits, shape (samples, 2).

    Raises:
        DataError: As `classes_at_places`, or the logits have other than two columns.
    """
    if np.shape(answer)[1:] != (2,):
        raise DataError(
            f"answers of shape {np.shape(answer)} are not logits of two classes: expected "
            f"(samples, 2), of one unit with the logit z the columns 0 and z"
        )
    return classes_at_places(truth, answer, weights)


def labels_as_places(truth: Any, answer: Any, weights: Any = None) -> Places:
    """Lay out labels, 0 or 1, and their probabilities, both of shape (samples, labels).

    Raises:
        DataError: Shapes are others, the truth is neither 0 nor 1, or there are weights.
        EvaluationError: The answers are no probabilities.
    """
    truth, answer = np.asarray(truth), _floating(answer)
    if truth.shape != answer.shape or truth.ndim != _MATRIX:
        raise DataError(
            f"truth of shape {truth.shape} does not fit answers of shape {answer.shape}: expected "
            f"0 or 1 for each label, and its probability, both of shape (samples, labels)"
        )
    if weights is not None:
        raise DataError("labels take no weights of their own: weigh whole samples")
    if not ((truth == 0) | (truth == 1)).all():
        raise DataError("truth holds other numbers than 0 and 1: it must say which labels apply")
    if answer.size and not (answer.min() >= 0 and answer.max() <= 1):
        raise EvaluationError("answers are no probabilities: some are below 0 or above 1")
    return Places(truth.astype(bool), answer)


def values_at_places(truth: Any, answer: Any, weights: Any = None) -> Places:
    """Lay out numbers, shape (samples, *places), as float64.

    Raises:
        DataError: Truth and answer have different shapes.
    """
    truth, answer = np.asarray(truth), np.asarray(answer)
    if truth.shape != answer.shape or not truth.ndim:
        raise DataError(
            f"truth of shape {truth.shape} does not fit answers of shape {answer.shape}: "
            f"expected the same shape"
        )
    flat = _flat(truth.astype(np.float64)), _flat(answer.astype(np.float64))
    return Places(*flat, _weighed(weights, truth))


def _floating(answer: Any) -> npt.NDArray[Any]:
    """Return an array in float32 or float64, in which sums of powers are sound."""
    array = np.asarray(answer)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _weighed(weights: Any, truth: npt.NDArray[Any]) -> npt.NDArray[np.float64] | None:
    if weights is None:
        return None
    known = np.asarray(weights, np.float64)
    if known.shape != truth.shape:
        raise DataError(f"weights of shape {known.shape} do not fit truth of shape {truth.shape}")
    if not (np.isfinite(known).all() and (known >= 0).all()):
        raise DataError("weights are negative or not finite: expected 0 or more at each place")
    return _flat(known)


def _flat(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.reshape(len(array), math.prod(array.shape[1:]))
