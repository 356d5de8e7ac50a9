"""Tallies: for each sample and class how often it was true, was answered, and was both.

A row holds only classes that occur in it, so that thousands of classes cost no more than ten. It is
a list of class numbers and, for each, three weighted counts; short lists are filled with zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.scores.places import THRESHOLD
from pytest_paoding.engine.evaluation.scores.score import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from pytest_paoding.engine.evaluation.scores.places import Places
    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows

COUNTS = 3
"""Both, true, answered: in this order along the last axis of all tallies."""

_DENSE = 60
"""How many terms of a matrix product cost as much as one term of a sum over a list: measured."""

_MOST_DENSE = 2**25


def class_tallies(places: Places) -> Rows:
    """Return tallies of class numbers; a logit's class is the first of the highest.

    Returns:
        Classes, shape (samples, entries), int32, and counts, shape (samples, entries, 3), float64.
        There are at most as many entries as classes, or twice as many as places, if that is less.
    """
    answered = places.answer.argmax(axis=-1)
    weights = np.ones(answered.shape) if places.weights is None else places.weights
    classes = places.answer.shape[-1]
    listed = _by_class if classes <= 2 * answered.shape[1] else _by_place
    return _compact(*listed(places.truth, answered, weights, classes))


def label_tallies(places: Places) -> Rows:
    """Return tallies of labels, in the form of `class_tallies`; each label is a class."""
    given = places.answer > THRESHOLD
    counts = np.stack([given & places.truth, places.truth, given], axis=-1).astype(np.float64)
    labels = np.broadcast_to(np.arange(given.shape[1], dtype=np.int32), given.shape)
    return _compact(labels, counts)


def joined_tallies(parts: Sequence[Rows]) -> Rows:
    """Return the tallies of several batches, filled up to the longest list."""
    most = max(classes.shape[1] for classes, _ in parts)

    def filled(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        missing = ((0, 0), (0, most - array.shape[1]), (0, 0))
        return np.pad(array, missing[: array.ndim])

    columns = zip(*parts, strict=True)
    return tuple(np.concatenate([filled(each) for each in arrays]) for arrays in columns)


def summing(rows: Rows) -> Callable[[Numbers], Numbers]:
    """Return the function from weights on samples to counts of classes over all samples.

    One product with a dense matrix, shape (samples, 3 * classes), where that is small or well
    filled; else a sum over the list of all counts, sorted by class, whose cost does not depend on
    the number of classes: at most 3 terms for each sample and weighting where a sample has one
    class.

    Returns:
        From weights, shape (weightings, samples), to counts, shape (weightings, classes, 3).
    """
    classes, counts = rows
    width = COUNTS * (int(classes.max(initial=0)) + 1)
    samples, entries, kinds = np.nonzero(counts)
    column = COUNTS * classes[samples, entries].astype(np.int64) + kinds
    terms = counts[samples, entries, kinds]
    size = len(counts) * width
    if size <= min(_MOST_DENSE, _DENSE * len(terms)):
        matrix = np.bincount(samples * width + column, terms, minlength=size)
        dense = matrix.reshape(len(counts), width)
        return lambda weights: (weights @ dense).reshape(len(weights), -1, COUNTS)
    order = np.argsort(column, kind="stable")
    samples, column, terms = samples[order], column[order], terms[order]

    def sums(weights: Numbers) -> Numbers:
        found = np.zeros((len(weights), width))
        step = max(1, BLOCK // len(weights))
        for start in range(0, len(terms), step):
            part = slice(start, start + step)
            starts = np.flatnonzero(np.diff(column[part], prepend=-1))
            weighted = np.take(weights, samples[part], axis=1) * terms[part]
            found[:, column[part][starts]] += np.add.reduceat(weighted, starts, axis=1)
        return found.reshape(len(weights), -1, COUNTS)

    return sums


def _by_class(truth: Any, answered: Any, weights: Any, classes: int) -> Rows:
    """List all classes for each sample."""
    samples = len(truth)
    first = classes * np.arange(samples)[:, None]

    def counted(numbers: Any, weights: Any) -> Any:
        flat = (first + numbers).ravel()
        return np.bincount(flat, weights.ravel(), samples * classes).reshape(samples, classes)

    both = counted(truth, weights * (truth == answered))
    counts = np.stack([both, counted(truth, weights), counted(answered, weights)], axis=-1)
    return np.broadcast_to(np.arange(classes, dtype=np.int32), both.shape), counts


def _by_place(truth: Any, answered: Any, weights: Any, classes: int) -> Rows:
    """List the true and the answered class of each place."""
    del classes
    numbers = np.concatenate([truth, answered], axis=1).astype(np.int32)
    counts = np.zeros((*numbers.shape, COUNTS))
    true, given = counts[:, : truth.shape[1]], counts[:, truth.shape[1] :]
    same = weights * (truth == answered)
    true[..., 0], true[..., 1], true[..., 2] = same, weights, same
    given[..., 2] = weights - same
    return numbers, counts


def _compact(classes: npt.NDArray[Any], counts: Numbers) -> Rows:
    """Leave out entries without counts, as far as every sample has some to spare."""
    filled = counts.any(axis=-1)
    most = int(filled.sum(axis=1).max(initial=0))
    if most == filled.shape[1]:
        return classes, counts
    order = np.argsort(~filled, axis=1, kind="stable")[:, :most]
    picked = np.take_along_axis(counts, order[..., None], axis=1)
    return np.take_along_axis(classes, order, axis=1), picked
