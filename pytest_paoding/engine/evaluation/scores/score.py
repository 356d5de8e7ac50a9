"""The interface of a score: rows of samples, and a value for every weighting of the samples.

A score turns each batch into rows, one for each sample: all that it has to know of the sample. Rows
of all batches are joined, and from them follows the value under any weights on the samples. Weights
of 1 give the score itself; numbers of draws give a replicate of the bootstrap, as weighting a
sample by 2 is the same as having it twice, and by 0 the same as not having it. A matrix of weights
gives thousands of replicates at once.

>>> import numpy as np
>>> from pytest_paoding.engine.evaluation.scores.score_names import score_named
>>> from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
>>> f1 = score_named("f1", TaskKind.BINARY)
>>> f1
<TallyScore f1>
>>> first = f1.rows(np.array([1, 0]), np.array([[0.0, 2.0], [0.0, 1.0]]))
>>> second = f1.rows(np.array([1, 0]), np.array([[0.0, 0.5], [0.0, -3.0]]))
>>> rows = f1.joined([first, second])
>>> f1.value(rows, np.ones((1, 4)))
array([0.8])
>>> f1.value(rows, np.array([[1, 0, 1, 2], [0, 4, 0, 0], [0, 0, 0, 4]]))
array([ 1.,  0., nan])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_paoding.records.text.printing import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.records.metrics import Direction

Rows: TypeAlias = "tuple[npt.NDArray[Any], ...]"
"""What a score knows of samples: arrays whose first axis is the samples."""

Numbers: TypeAlias = npt.NDArray[np.float64]

Weighing: TypeAlias = Callable[[Numbers], Numbers]
"""From weights, shape (weightings, samples), to values, shape (weightings,)."""

BLOCK = 2**20
"""Numbers in an intermediate array: 8 MiB of them, which is near the size of a cache."""


@dataclass(frozen=True, slots=True, repr=False)
class Score(Shown, ABC):
    """A number that says how good answers are.

    Attributes:
        name: By which it is asked for, such as `top_5_accuracy`.
        direction: Which values are better.
    """

    name: str
    direction: Direction

    def __str__(self) -> str:
        return self.name

    @abstractmethod
    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return the rows of one batch.

        Args:
            truth: What is true, as the `TaskKind` says.
            answer: What the model answers, finite numbers.
            weights: Weights of places, finite and not negative, in the shape of `truth`; None where
                all count alike.

        Raises:
            DataError: Truth or weights do not fit the answer, or are out of range.
            EvaluationError: The score cannot be taken of such an answer.
        """

    def joined(self, parts: Sequence[Rows]) -> Rows:
        """Return the rows of several batches as those of one."""
        return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))

    def value(self, rows: Rows, weights: npt.NDArray[Any]) -> Numbers:
        """Return the score under each weighting, shape (weightings,).

        Args:
            rows: Of all samples.
            weights: Finite and not negative, shape (weightings, samples), of any real dtype; small
                integers take least memory, and are turned into float64 block by block.

        Returns:
            Values in float64; NaN where the score is undefined, as it is without any weight.

        Raises:
            ValueError: The weights are not a matrix with a column for each sample.
        """
        samples = len(rows[0])
        if weights.ndim != 2 or weights.shape[1] != samples:  # noqa: PLR2004 - a matrix
            raise ValueError(f"weights of shape {weights.shape} for {samples} samples")
        if not weights.size:
            return np.full(len(weights), np.nan)
        weighing = self.weighing(rows)
        size = max(1, BLOCK // samples)
        blocks = (weights[start : start + size] for start in range(0, len(weights), size))
        return np.concatenate([weighing(block.astype(np.float64, copy=False)) for block in blocks])

    @abstractmethod
    def weighing(self, rows: Rows) -> Weighing:
        """Return the function from weights to values; what all weights share is done here, once."""

    def per_sample(self, rows: Rows) -> Numbers | None:
        """Return the number of each sample whose weighted mean the value is, shape (samples,).

        None where it is no such mean: not by its kind, or as samples have places of unlike weight.
        """
        del rows
        return None


def divided(above: Numbers, below: Numbers) -> Numbers:
    """Return quotients of arrays of one shape; NaN where the divisor is not above 0.

    >>> divided(np.array([3.0, 0.0]), np.array([4.0, 0.0]))
    array([0.75,  nan])
    """
    quotients = np.full(np.shape(below), np.nan)
    np.divide(above, below, out=quotients, where=below > 0)
    return quotients


def mean_of_defined(values: Numbers) -> Numbers:
    """Return means over the last axis of the numbers that are not NaN; NaN where all are.

    >>> mean_of_defined(np.array([[0.5, np.nan, 1.0], [np.nan, np.nan, np.nan]]))
    array([0.75,  nan])
    """
    known = ~np.isnan(values)
    return divided(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))
