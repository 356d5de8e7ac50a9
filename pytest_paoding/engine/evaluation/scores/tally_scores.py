"""Scores that follow from tallies of classes: recall, precision, F1, intersection over union.

A class for which a score is undefined is left out of its mean: one that never occurs has no recall,
and one that is not answered either has no other score. scikit-learn does the same with
`zero_division=nan`. A class that occurs but is never answered has a precision of 0, as by the
default of scikit-learn: a model must not gain by giving up a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.evaluation.scores.score import Score, divided, mean_of_defined
from pytest_paoding.engine.evaluation.scores.tallies import joined_tallies, summing
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.evaluation.scores.places import Layout, Places
    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows, Weighing

Ratio: TypeAlias = "Callable[[Numbers], Numbers]"
"""From counts, shape (..., 3), to a number for each, shape (...); NaN where undefined."""

Average: TypeAlias = "Callable[[Ratio, Numbers], Numbers]"
"""From a ratio and counts, shape (weightings, classes, 3), to values, shape (weightings,)."""


@dataclass(frozen=True, slots=True, repr=False)
class TallyScore(Score):
    """Score of counts of classes.

    Rows are tallies; see `class_tallies` for their size and `summing` for the cost.

    Attributes:
        layout: How the task's arrays become places.
        tally: How places are counted.
        ratio: The number for a class.
        average: How numbers of classes become one.
        label: The class it is of; None where it is of all.
    """

    layout: Layout
    tally: Callable[[Places], Rows]
    ratio: Ratio
    average: Average
    label: int | None = None

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return classes, shape (samples, entries), and counts, shape (samples, entries, 3)."""
        classes = np.shape(answer)[-1]
        if self.label is not None and self.label >= classes:
            raise EvaluationError(
                f"{self.name} is of a class that is not there: the {classes} classes of the "
                f"answers are numbered from 0 to {classes - 1}"
            )
        return self.tally(self.layout(truth, answer, weights))

    def joined(self, parts: Sequence[Rows]) -> Rows:
        """Return the tallies of several batches as those of one."""
        return joined_tallies(parts)

    def weighing(self, rows: Rows) -> Weighing:
        """Return the average of the ratios of weighted counts."""
        sums = summing(rows)
        return lambda weights: self.average(self.ratio, sums(weights))


def recall(counts: Numbers) -> Numbers:
    """Return the share of what is of a class that is answered so."""
    return divided(counts[..., 0], counts[..., 1])


def precision(counts: Numbers) -> Numbers:
    """Return the share of what is answered as a class that is of it."""
    return divided(counts[..., 0], np.where(counts[..., 2] > 0, counts[..., 2], counts[..., 1]))


def f1(counts: Numbers) -> Numbers:
    """Return the harmonic mean of recall and precision, which is Dice's coefficient."""
    return divided(2 * counts[..., 0], counts[..., 1] + counts[..., 2])


def overlap(counts: Numbers) -> Numbers:
    """Return intersection over union, which is Jaccard's index."""
    return divided(counts[..., 0], counts[..., 1] + counts[..., 2] - counts[..., 0])


def macro(ratio: Ratio, counts: Numbers) -> Numbers:
    """Return the mean over classes, each counting alike."""
    return mean_of_defined(ratio(counts))


def micro(ratio: Ratio, counts: Numbers) -> Numbers:
    """Return the ratio of the counts of all classes together."""
    return ratio(counts.sum(axis=1))


def by_support(ratio: Ratio, counts: Numbers) -> Numbers:
    """Return the mean over classes, each counting as often as it occurs."""
    support = counts[..., 1]
    found = np.where(support > 0, ratio(counts), 0.0)
    return divided((support * found).sum(axis=1), support.sum(axis=1))


def of_class(number: int) -> Average:
    """Return the ratio of one class; NaN where no sample had it."""

    def average(ratio: Ratio, counts: Numbers) -> Numbers:
        if number >= counts.shape[1]:
            return np.full(len(counts), np.nan)
        return ratio(counts[:, number])

    return average
