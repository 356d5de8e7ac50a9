"""Scores of all judged outputs together, by a callable that gets them as dicts by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.scores.resampled_scores import CallableScore
from pytest_paoding.errors import DataError, EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows
    from pytest_paoding.engine.graph.types import FloatArray


@dataclass(frozen=True, slots=True, repr=False)
class JointScore(CallableScore):
    """Score of a function of all outputs: `y_true` and `y_pred` are dicts by output name.

    So is `sample_weight`, if the function has that parameter. Rows are the truths of all outputs,
    then their answers, then weights, if any of them has weights of its places.

    Attributes:
        outputs: Names of the outputs.
    """

    outputs: tuple[str, ...]

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return the arrays as they are.

        Args:
            truth: What is true of each output.
            answer: What the model gives for each.
            weights: Weights of the places of each; None where all count alike.

        Raises:
            DataError: The numbers of samples differ.
        """
        arrays = tuple(np.asarray(each) for each in (*truth, *answer))
        if weights is not None and any(each is not None for each in weights):
            ones = np.ones(len(arrays[0]))
            arrays += tuple(ones if each is None else np.asarray(each) for each in weights)
        lengths = {each.shape[:1] for each in arrays}
        if len(lengths) > 1 or () in lengths:
            shapes = ", ".join(str(each.shape) for each in arrays)
            raise DataError(f"{self.name} needs as many answers as truths: shapes are {shapes}")
        return arrays

    def reweighted(self, rows: Rows, weights: Numbers) -> Rows:
        """Return rows with samples weighted, besides the weights of places they have."""
        known = rows[2 * len(self.outputs) :] or (np.ones(len(weights)),) * len(self.outputs)
        weighted = ((places.T * weights).T for places in known)
        return (*rows[: 2 * len(self.outputs)], *weighted)

    def weighed_apart(self, rows: Rows, weights: Sequence[FloatArray | None]) -> Rows:
        """Return rows with the samples of each output weighted by weights of its own.

        Args:
            rows: Of all samples.
            weights: Of the samples at each output, shape (samples,); None where all count alike.

        Raises:
            EvaluationError: The function takes no weights, or returns a number for each sample.
        """
        count = len(self.outputs)
        if not self.weighs:
            raise EvaluationError(
                f"{self.name} is of outputs with different sample weights: give it a parameter "
                f"`sample_weight`, which is a dict by output name, or the data the same weights"
            )
        known = rows[2 * count :] or (np.ones(len(rows[0])),) * count
        pairs = zip(known, weights, strict=True)
        own = (places if each is None else (places.T * each).T for places, each in pairs)
        found = (*rows[: 2 * count], *own)
        if self.per_sample(found) is not None:
            raise EvaluationError(
                f"{self.name} returns a number for each sample, which cannot count by the "
                f"different weights of several outputs: let it return one number"
            )
        return found

    def arguments(self, rows: Rows) -> tuple[Any, Any, Any]:
        """Return truths, answers and weights of places by output name."""
        count = len(self.outputs)
        parts = (rows[start : start + count] for start in range(0, len(rows), count))
        truth, answer, *weights = (dict(zip(self.outputs, part, strict=True)) for part in parts)
        return truth, answer, weights[0] if weights else None
