"""Scores of both models as functions of weights of the same samples, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.evaluation.resampling.bias_corrected import bias_corrected
from pytest_paoding.engine.evaluation.resampling.confidence_levels import (
    CONSTANT,
    LEAST,
    MAYBE_ZERO,
    NO_BEFORE,
    TOO_FEW,
    UNDEFINED,
    exact,
)
from pytest_paoding.records.evidence.confidence_curve import ConfidenceCurve
from pytest_paoding.records.evidence.contrast import Contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.graph.types import FloatArray

ValueFunction: TypeAlias = "Callable[[Any, FloatArray], FloatArray]"
"""Returns a score's value, shape (B,), from rows of samples and weights of them, shape (B, n)."""

_MOST_UNDEFINED = 0.01
"""Most resamples, as a share, in which a value may be undefined: they tell nothing of a tail."""
_ROUNDING = 1e-12
"""Range, relative to the values, that is nothing but rounding."""


@dataclass(frozen=True, slots=True)
class PairedScore:
    """A score of both models on the same samples.

    Attributes:
        value: The score from rows and weights >= 0 of shape (B, n); NaN where it is undefined.
        after: The rows of the model after pruning: an array whose first axis is that of the
            samples, or a tuple of such arrays.
        before: Those of the model before; None where there are none.
        weights: Weights of the samples, shape (n,); None for equal ones.
    """

    value: ValueFunction
    after: Any
    before: Any = None
    weights: FloatArray | None = None

    def values(self, counts: FloatArray, *, same: bool) -> FloatArray:
        """Return the score before and after under each row of counts, shape (2, B).

        Args:
            counts: How often each sample is there, shape (B, n).
            same: Whether both models have the same rows, so that one value is enough.
        """
        weights = counts if self.weights is None else counts * self.weights
        after = np.asarray(self.value(self.after, weights), np.float64)
        if self.before is None:
            return np.stack([np.full_like(after, np.nan), after])
        before = after if same else np.asarray(self.value(self.before, weights), np.float64)
        return np.stack([before, after])

    @property
    def same(self) -> bool:
        """Whether the rows of every sample are the same before and after."""
        if self.before is None:
            return False
        pairs = zip(_arrays(self.before), _arrays(self.after), strict=True)
        return self.before is self.after or all(np.array_equal(*pair) for pair in pairs)


def _arrays(rows: Any) -> Sequence[Any]:
    return rows if isinstance(rows, tuple) else (rows,)


@dataclass(frozen=True, slots=True)
class Replicates:
    """A score before and after in the samples, in resamples, and without groups of samples.

    Attributes:
        samples: Number of samples that count.
        found: The values in the samples, shape (2,).
        drawn: Those in each resample, shape (2, B).
        left_out: Those without each group, shape (2, groups).
        same: Whether the rows of every sample are the same before and after.
    """

    samples: int
    found: FloatArray
    drawn: FloatArray
    left_out: FloatArray
    same: bool = False

    def curve(self, contrast: Contrast) -> ConfidenceCurve:
        """Return the bounds of the value after, the difference or the ratio.

        Rows that are the same before and after have no difference, which is as sure as rows are
        fine: of numbers that are seldom alike by chance it is, of a few counts it is not.
        """
        curve = ConfidenceCurve(contrast, self.samples, "bca", self.drawn.shape[1])
        if reason := self._unfit(contrast):
            return replace(curve, reason=reason)
        if self.same and contrast is not Contrast.SHARE:
            return exact(curve)
        drawn = _contrasted(contrast, self.drawn)
        defined = drawn[np.isfinite(drawn)]
        if lost := len(drawn) - len(defined):
            share = lost / len(drawn)
            if share > _MOST_UNDEFINED:
                return replace(curve, reason=f"it is undefined in {share:.0%} of resamples")
        if np.ptp(defined) <= _ROUNDING * np.abs(defined).max():
            return replace(curve, reason=CONSTANT)
        found = float(_contrasted(contrast, self.found))
        left_out = _contrasted(contrast, self.left_out)
        return replace(curve, bounds=bias_corrected(defined, found, left_out, self.samples))

    def _unfit(self, contrast: Contrast) -> str | None:
        before, after = self.found
        if self.samples < LEAST:
            return TOO_FEW
        if not np.isfinite(after):
            return UNDEFINED
        if contrast is Contrast.SHARE:
            return None
        if not np.isfinite(before):
            return NO_BEFORE
        if contrast is Contrast.RATIO and (before <= 0 or (self.drawn[0] <= 0).any()):
            return MAYBE_ZERO
        return None


def replicated(scores: Iterable[PairedScore], resamples: Resamples) -> list[Replicates]:
    """Return what the scores are in the samples and in the resamples, drawn once for all.

    Args:
        scores: The scores, all of the samples that `resamples` are of.
        resamples: The resamples; the same for both models and all scores.

    Cost: that of the resamples, and of two values of each score under every resample: for k rows of
    sums 2 k `replicates` n operations.
    """
    asked = list(scores)
    if not asked:
        return []
    same = [each.same for each in asked]
    whole, drawn, left_out = (
        _values(asked, same, blocks)
        for blocks in (
            [np.ones((1, resamples.samples))],
            resamples.blocks(),
            resamples.remainders(),
        )
    )
    return [
        Replicates(
            samples=resamples.samples if each.weights is None else int((each.weights > 0).sum()),
            found=whole[place, :, 0],
            drawn=drawn[place],
            left_out=left_out[place],
            same=same[place],
        )
        for place, each in enumerate(asked)
    ]


def _values(
    scores: Sequence[PairedScore], same: Sequence[bool], blocks: Iterable[FloatArray]
) -> FloatArray:
    """Return the values of scores under blocks of weights, shape (scores, 2, weightings)."""
    parts = [
        np.stack(
            [each.values(counts, same=alike) for each, alike in zip(scores, same, strict=True)]
        )
        for counts in blocks
    ]
    return np.concatenate(parts, axis=-1)


def _contrasted(contrast: Contrast, values: FloatArray) -> FloatArray:
    """Return the contrast of values before and after, shape (2, ...) to (...)."""
    before, after = values
    if contrast is Contrast.SHARE:
        return np.asarray(after)
    if contrast is Contrast.DIFFERENCE:
        return np.asarray(before - after)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(after / before)
