"""The coefficient of determination, R2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.scores.mean_scores import squared_error
from pytest_paoding.engine.evaluation.scores.score import Score, divided, mean_of_defined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.scores.places import Layout
    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows, Weighing

_NO_SPREAD = 1e-13
"""A variance that is a smaller share of the mean square is nothing but rounding."""


@dataclass(frozen=True, slots=True, repr=False)
class DeterminationScore(Score):
    """R2: 1 - squared error / variance of the truth, for each output, and the mean over outputs.

    An output whose truth is always the same has no R2 and is left out; scikit-learn counts it as 1
    if all answers are right and as 0 else, though its constant may be right by a hair only.

    Rows are truth and squared errors, and weights where there are any: 2 or 3 numbers for each
    output. Costs a product with a matrix of 3 or 4 columns for each output.

    Attributes:
        layout: How the task's arrays become places; a place is an output.
    """

    layout: Layout

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return truth and squared errors, and weights if there are any: (samples, outputs)."""
        places = self.layout(truth, answer, weights)
        found = places.truth, squared_error(places)
        return found if places.weights is None else (*found, places.weights)

    def joined(self, parts: Sequence[Rows]) -> Rows:
        """Return the rows of several batches as those of one; some may be without weights."""
        if len({len(rows) for rows in parts}) == 1:
            return Score.joined(self, parts)
        filled = [rows if len(rows) > 2 else (*rows, np.ones(rows[0].shape)) for rows in parts]  # noqa: PLR2004 - with weights
        return Score.joined(self, filled)

    def weighing(self, rows: Rows) -> Weighing:
        """Return the mean R2 of all outputs."""
        truth, errors = rows[:2]
        amounts = rows[2] if len(rows) > 2 else np.ones((len(truth), 1))  # noqa: PLR2004 - with weights
        centred = _centred(truth, amounts)

        def mean(weights: Numbers) -> Numbers:
            total, squares = weights @ amounts, weights @ (amounts * centred**2)
            residual = weights @ np.where(amounts > 0, amounts * errors, 0.0)
            offset = np.square(weights @ (amounts * centred))
            spread = squares - divided(offset, np.broadcast_to(total, offset.shape))
            known = np.where(spread > _NO_SPREAD * squares, spread, 0.0)
            return mean_of_defined(1 - divided(residual, known))

        return mean


def _centred(truth: Numbers, amounts: Numbers) -> Numbers:
    """Return the distance from the median of each output, 0 where the weight is 0.

    Without it the variance of a replicate would drown in the rounding of a large mean. The median
    is near to most samples whatever the outliers, and a constant equals it exactly.
    """
    present = amounts > 0
    if present.all():
        centre: Numbers = np.median(truth, axis=0)
        return truth - centre
    absent = np.where(present.any(axis=0), np.nan, 0.0)
    centre = np.nanmedian(np.where(present, truth, absent), axis=0)
    return np.where(present, truth - centre, 0.0)
