"""Scores that are means over samples or places: accuracies, log loss, errors of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.evaluation.scores.places import THRESHOLD
from pytest_paoding.engine.evaluation.scores.score import Score, divided
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.evaluation.scores.places import Layout, Places
    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows, Weighing

Measure: TypeAlias = "Callable[[Places], Any]"
"""From the places of a batch to a number for each, shape (samples, places)."""


@dataclass(frozen=True, slots=True, repr=False)
class MeanScore(Score):
    """Mean of a number over all places: the sum of `weight * number` by the sum of the weights.

    Rows are the weighted sum of the numbers of a sample and the sum of their weights. Where samples
    have places of different weight, long and short sentences say, the value is a ratio of two sums.
    Costs two products of a matrix and a vector.

    Attributes:
        layout: How the task's arrays become places.
        measure: The number at each place.
    """

    layout: Layout
    measure: Measure

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return sums of numbers and of weights, both of shape (samples,)."""
        places = self.layout(truth, answer, weights)
        return places.total(self.measure(places)), places.amounts()

    def weighing(self, rows: Rows) -> Weighing:
        """Return the quotient of two weighted sums."""
        sums, amounts = rows
        return lambda weights: divided(weights @ sums, weights @ amounts)

    def per_sample(self, rows: Rows) -> Numbers | None:
        """Return the mean of each sample, where all samples have places of the same weight."""
        sums, amounts = rows
        alike = bool(len(amounts)) and amounts[0] > 0 and (amounts == amounts[0]).all()
        return sums / amounts if alike else None


@dataclass(frozen=True, slots=True, repr=False)
class RootMeanScore(MeanScore):
    """Square root of a mean, which is no mean itself."""

    def weighing(self, rows: Rows) -> Weighing:
        """Return the root of the quotient."""
        mean = MeanScore.weighing(self, rows)
        return lambda weights: np.sqrt(mean(weights))

    def per_sample(self, rows: Rows) -> Numbers | None:
        """Return None."""
        return Score.per_sample(self, rows)


def right(places: Places) -> Any:
    """Return whether the highest logit, the first of equals, is that of the true class."""
    return places.answer.argmax(axis=-1) == places.truth


def within_top(count: int) -> Measure:
    """Return whether the true class is among the `count` classes of the highest logits.

    Of equal logits that of the higher class goes first, as in scikit-learn. Keras counts all that
    are equal to the last, by which a model that always answers the same would be perfect.
    """

    def measure(places: Places) -> Any:
        classes = places.answer.shape[-1]
        if count >= classes:
            raise EvaluationError(
                f"top_{count}_accuracy is 1 whatever a model answers, as there are {classes} "
                f"classes: ask for fewer"
            )
        own = np.take_along_axis(places.answer, places.truth[..., None], axis=-1)
        later = np.arange(classes) > places.truth[..., None]
        ahead = (places.answer > own) | ((places.answer == own) & later)
        return ahead.sum(axis=-1) < count

    return measure


def surprise(places: Places) -> Any:
    """Return the negative logarithm of the true class's probability, in nats, from logits.

    Powers are in the dtype of the logits, sums in float64. Nothing is clipped, as the logits lose
    nothing; scikit-learn clips probabilities at the machine epsilon of their dtype, Keras at 1e-7.
    """
    own = np.take_along_axis(places.answer, places.truth[..., None], axis=-1)
    lead = places.answer - own
    most = lead.max(axis=-1, keepdims=True)
    return most[..., 0] + np.log(np.exp(lead - most).sum(axis=-1, dtype=np.float64))


def label_surprise(places: Places) -> Any:
    """Return the negative logarithm of the probability of what is true of a label, in nats.

    Probabilities are clipped at the machine epsilon of their dtype, as scikit-learn does.
    """
    probability = np.where(places.truth, places.answer, 1 - places.answer)
    floor = np.finfo(probability.dtype).eps
    return -np.log(probability.clip(floor, 1).astype(np.float64))


def label_wrong(places: Places) -> Any:
    """Return whether a label is given that does not apply, or the other way round."""
    return (places.answer > THRESHOLD) != places.truth


def labels_all_right(places: Places) -> Any:
    """Return, at each place, whether all labels of the sample are right."""
    exact = ~label_wrong(places).any(axis=1, keepdims=True)
    return np.broadcast_to(exact, places.truth.shape)


def absolute_error(places: Places) -> Any:
    """Return the distance of the answer from the truth."""
    return np.abs(places.answer - places.truth)


def squared_error(places: Places) -> Any:
    """Return the squared distance of the answer from the truth."""
    return np.square(places.answer - places.truth)


def relative_error(places: Places) -> Any:
    """Return the distance as a fraction of the truth, not in percent.

    As in scikit-learn, a truth of 0 counts as the machine epsilon. Keras counts in percent.
    """
    return absolute_error(places) / np.maximum(np.abs(places.truth), np.finfo(np.float64).eps)
