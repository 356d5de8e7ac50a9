"""Scores of a ranking: area under the ROC curve, and average precision; exact, ties included.

A column for each class or label ranks the samples; the score is the mean over columns. One whose
samples are all of a kind has no score and is left out of the mean, as a bootstrap may draw no
sample of a rare class; scikit-learn refuses such data or counts a 0 or 1. Keras approximates both
areas by 200 thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.evaluation.scores.score import Score, divided, mean_of_defined
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from pytest_paoding.engine.evaluation.scores.places import Layout, Places
    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows, Weighing

Area: TypeAlias = "Callable[[Standing], Numbers]"
"""From where the positives stand to values, shape (weightings,)."""


@dataclass(frozen=True, slots=True, repr=False)
class RankScore(Score):
    """Mean over columns of a score of how they rank the samples, one column against all others.

    Rows are the truth and what ranks the samples, as many numbers as the answer has columns. Each
    column is sorted once and keeps its order, 4 bytes a sample; each weighting then adds up all
    samples in the order of each column. 2000 replicates of 10000 samples take some tenths of a
    second a column.

    Attributes:
        layout: How the task's arrays become places.
        ranking: Truth and ranking of places.
        area: The score of a column.
    """

    layout: Layout
    ranking: Callable[[Places], Rows]
    area: Area

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return class numbers, shape (samples,), or labels, and a ranking (samples, columns)."""
        if weights is not None:
            raise DataError(f"{self.name} takes no weights of places: weigh whole samples")
        return self.ranking(self.layout(truth, answer, None))

    def weighing(self, rows: Rows) -> Weighing:
        """Return the mean of the areas of all columns."""
        truth, ranking = rows
        ladders = [
            _Ladder.of(truth == column if truth.ndim == 1 else truth[:, column], scores)
            for column, scores in enumerate(ranking.T)
        ]

        def mean(weights: Numbers) -> Numbers:
            areas = [self.area(ladder.standing(weights)) for ladder in ladders]
            return mean_of_defined(np.stack(areas, axis=-1))

        return mean


def ranked_by_lead(places: Places) -> Rows:
    """Return whether the class is 1, and by how much its logit exceeds the other."""
    logits = places.answer[:, 0].astype(np.float64)
    return places.truth == 1, logits[:, 1:] - logits[:, :1]


def ranked_by_class(places: Places) -> Rows:
    """Return class numbers, and probabilities of all classes in the dtype of the logits."""
    logits = places.answer[:, 0].astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    return places.truth[:, 0], shares.astype(places.answer.dtype)


def ranked_by_label(places: Places) -> Rows:
    """Return which labels apply, and their probabilities."""
    return places.truth, places.answer


def roc_area(standing: Standing) -> Numbers:
    """Return the share of pairs of a positive and a negative ranked right, ties as one half.

    Mann and Whitney's U by the number of pairs (Hanley and McNeil, 1982). Pairs of two positives
    are among those that stand below a positive: half of them, whatever the order.
    """
    middle = (standing.below + standing.through) / 2
    positive = standing.own.sum(axis=1)
    pairs = np.einsum("wp,wp->w", standing.own, middle) - np.square(positive) / 2
    return divided(pairs, positive * standing.negative)


def average_precision(standing: Standing) -> Numbers:
    """Return the mean of the precision at the rank of each positive, without interpolation.

    Without negatives it would be 1 whatever a model answers, and is undefined.
    """
    positive = standing.own.sum(axis=1, keepdims=True)
    found = positive - standing.positive_below
    precision = divided(found, standing.total[:, None] - standing.below)
    sums = np.einsum("wp,wp->w", standing.own, np.nan_to_num(precision))
    return divided(sums, np.where(standing.negative > 0, positive[:, 0], 0.0))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the positives stand in a ranking, under some weightings.

    Attributes:
        own: The weight of each positive, from the lowest up, shape (weightings, positives).
        below: The weight of all samples that rank lower, of that shape.
        through: The same with those that rank equal, itself included.
        positive_below: The weight of the positives that rank lower.
        total: The weight of all samples, shape (weightings,).
        negative: The weight of the negatives, of that shape: exactly 0 where none counts, which a
            difference of sums is not.
    """

    own: Numbers
    below: Numbers
    through: Numbers
    positive_below: Numbers
    total: Numbers
    negative: Numbers


@dataclass(frozen=True, slots=True)
class _Ladder:
    """Samples from the lowest to the highest rank; equal ones stand on one step.

    Attributes:
        order: Numbers of the samples, shape (samples,), int32.
        places: Where in that order the positives are, shape (positives,).
        starts: Where the step of each positive starts.
        ends: Where it ends.
        firsts: The first positive on that step, by its number among the positives.
    """

    order: npt.NDArray[np.int32]
    places: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]
    firsts: npt.NDArray[np.intp]

    @classmethod
    def of(cls, positive: npt.NDArray[Any], scores: npt.NDArray[Any]) -> _Ladder:
        order = np.argsort(scores)
        ordered, places = scores[order], np.flatnonzero(positive[order])
        own = ordered[places]
        starts, ends = (np.searchsorted(ordered, own, side) for side in ("left", "right"))
        return cls(order.astype(np.int32), places, starts, ends, np.searchsorted(own, own))

    def standing(self, weights: Numbers) -> Standing:
        """Return where the positives stand under weights, shape (weightings, samples)."""
        ordered = np.take(weights, self.order, axis=1)
        summed, own = _summed(ordered), np.take(ordered, self.places, axis=1)
        return Standing(
            own,
            np.take(summed, self.starts, axis=1),
            np.take(summed, self.ends, axis=1),
            np.take(_summed(own), self.firsts, axis=1),
            summed[:, -1],
            np.delete(ordered, self.places, axis=1).sum(axis=1),
        )


def _summed(weights: Numbers) -> Numbers:
    """Return sums of all before each column, and of all: a column more than there are."""
    found = np.zeros((len(weights), weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=found[:, 1:])
    return found
