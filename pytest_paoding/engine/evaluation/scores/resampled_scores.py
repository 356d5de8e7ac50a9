"""Scores of code that is not of this package: it is called once for every weighting."""

from __future__ import annotations

import inspect
import traceback
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.scores.score import Score, divided
from pytest_paoding.errors import RAISED, DataError, EvaluationError, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.evaluation.scores.score import Numbers, Rows, Weighing


@dataclass(frozen=True, slots=True, repr=False)
class ResampledScore(Score):
    """Template of a score that is known as a whole, not by its samples.

    Rows are truth, answer and, if there are any, weights of places, just as they are given. They
    are what the model itself answers and what its metrics are given in Keras, such as
    probabilities and one-hot rows, not what a `TaskKind` says. Batches need the same shapes but for
    their number of samples.

    Weights that are whole numbers are made true: each sample is handed in as often. Others are
    handed in as weights. Each weighting costs one call with as many samples, so 2000 replicates of
    10000 samples take from seconds to minutes. Where one call tells a number for each sample, the
    value is their weighted mean, and all weightings cost one product.
    """

    def rows(self, truth: Any, answer: Any, weights: Any = None) -> Rows:
        """Return the arrays as they are."""
        arrays = tuple(np.asarray(each) for each in (truth, answer, weights) if each is not None)
        lengths = {each.shape[:1] for each in arrays}
        if len(lengths) > 1 or () in lengths:
            shapes = " and ".join(str(each.shape) for each in arrays)
            raise DataError(f"{self.name} needs as many answers as truths: shapes are {shapes}")
        return arrays

    def joined(self, parts: Any) -> Rows:
        """Return the arrays of several batches as those of one."""
        shapes = {tuple(each.shape[1:] for each in arrays) for arrays in parts}
        if len(shapes) > 1:
            raise EvaluationError(
                f"{self.name} cannot be taken of batches of different shapes, as samples are drawn "
                f"from all of them: pad their samples to one length"
            )
        return Score.joined(self, parts)

    def weighing(self, rows: Rows) -> Weighing:
        """Return the mean of numbers of samples, or what makes a call for each weighting."""
        numbers = self.per_sample(rows)
        if numbers is not None:
            return lambda weights: divided(weights @ numbers, weights.sum(axis=1))
        compute = self.computing(rows)
        return lambda weights: np.array([self._weighted(compute, rows, each) for each in weights])

    @abstractmethod
    def computing(self, rows: Rows) -> Callable[[Rows], float]:
        """Return the function from truth, answer and perhaps weights to the score."""

    @property
    @abstractmethod
    def weighs(self) -> bool:
        """Whether it takes weights."""

    def _weighted(self, compute: Callable[[Rows], float], rows: Rows, weights: Numbers) -> float:
        if not weights.any():
            return float("nan")
        whole = np.rint(weights).astype(np.int64)
        if (whole == weights).all():
            if (whole == 1).all():
                return compute(rows)
            drawn = np.repeat(np.arange(len(weights)), whole)
            return compute(tuple(each[drawn] for each in rows))
        if not self.weighs:
            raise EvaluationError(
                f"{self.name} cannot weigh samples by fractions: a function needs a parameter "
                f"`sample_weight` or a number for each sample, a metric of Keras dtype='float32'"
            )
        return compute(self.reweighted(rows, weights))

    def reweighted(self, rows: Rows, weights: Numbers) -> Rows:
        """Return rows with samples weighted, shape (samples,), besides the weights they have."""
        truth, answer, *known = rows
        places = known[0] if known else np.ones(len(weights))
        return truth, answer, (places.T * weights).T


@dataclass(frozen=True, slots=True, repr=False)
class CallableScore(ResampledScore):
    """Score of a function of `y_true` and `y_pred`, and `sample_weight` if it has that parameter.

    It returns one number, or one for each sample. Which of both is known once it has been called on
    all samples.

    Attributes:
        function: The function.
    """

    function: Callable[..., Any]

    def computing(self, rows: Rows) -> Callable[[Rows], float]:
        """Return the function's own number."""
        del rows
        return lambda drawn: float(self._called(drawn))

    @property
    def weighs(self) -> bool:
        """Whether the function has a parameter `sample_weight`."""
        return takes(self.function, "sample_weight")

    def per_sample(self, rows: Rows) -> Numbers | None:
        """Return what the function returns, if that is a number for each sample."""
        found = self._called(rows)
        return found.astype(np.float64) if found.ndim else None

    def _called(self, rows: Rows) -> Any:
        truth, answer, weights = self.arguments(rows)
        if weights is not None and not self.weighs:
            raise EvaluationError(
                f"{self.name} cannot weigh places: give it a parameter `sample_weight`"
            )
        samples = len(rows[0])
        if weights is None and self.weighs:
            _, _, weights = self.arguments(self.reweighted(rows, np.ones(samples)))
        more = {"sample_weight": weights} if self.weighs else {}
        found = self._asked(truth, answer, more)
        if found.dtype.kind not in "biuf" or found.shape not in {(), (samples,)}:
            raise EvaluationError(
                f"{self.name} returned {found.dtype} of shape {found.shape} for {samples} "
                f"samples: it must return one number, or one for each sample"
            )
        return found

    def _asked(self, truth: Any, answer: Any, more: dict[str, Any]) -> Any:
        try:
            return np.asarray(self.function(truth, answer, **more))
        except RAISED as error:
            frames = traceback.extract_tb(error.__traceback__)[1:]  # those of its own code
            where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
            said = shortened(" ".join(f"{type(error).__name__}: {error}".split()))
            raise EvaluationError(f"score {self.name!r} raised{where}: {said}") from error

    def arguments(self, rows: Rows) -> tuple[Any, Any, Any]:
        """Return truth, answer and weights of places, None where there are none."""
        truth, answer, *weights = rows
        return truth, answer, weights[0] if weights else None


def takes(function: Callable[..., Any], parameter: str) -> bool:
    """Return whether a callable has a parameter of that name; False where Python cannot tell.

    >>> takes(lambda y_true, y_pred: 0, "sample_weight")
    False
    """
    try:
        return parameter in inspect.signature(function).parameters
    except ValueError:
        return False
