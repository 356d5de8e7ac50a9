"""Means of one number per sample before and after pruning, as a ratio of two sums."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.confidence_levels import (
    MAYBE_ZERO,
    NO_BEFORE,
    UNDEFINED,
)
from pytest_paoding.records.evidence.contrast import Contrast

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray


@dataclass(frozen=True, slots=True)
class PairedMeans:
    """Means over the same samples before and after pruning.

    Attributes:
        after: The numbers after, shape (samples,).
        before: Those before, shape (samples,); None where there are none.
        weights: Weights >= 0 of the means, shape (samples,): weights of the samples, numbers of
            positions in each, or their products; None for equal ones.
    """

    after: FloatArray
    before: FloatArray | None = None
    weights: FloatArray | None = None

    @property
    def samples(self) -> int:
        """Number of samples that count."""
        return len(self.after) if self.weights is None else int((self.weights > 0).sum())

    @property
    def weighting(self) -> FloatArray:
        """Weights of any kind, shape (samples,)."""
        return np.ones(len(self.after)) if self.weights is None else np.asarray(self.weights, float)

    @property
    def same(self) -> bool:
        """Whether every number is the same before and after."""
        return self.before is not None and np.array_equal(self.before, self.after)

    @property
    def change(self) -> float:
        """Greatest change of a sample that counts; 0 without numbers from before."""
        if self.before is None:
            return 0.0
        return float(np.abs(self.after - self.before)[self.weighting > 0].max(initial=0.0))

    def parts(self, contrast: Contrast) -> tuple[FloatArray, FloatArray]:
        """Return two numbers per sample, shape (samples,), whose sums have the contrast as ratio.

        The common denominator of both means is left out of their ratio.
        """
        weights = self.weighting
        if contrast is Contrast.SHARE or self.before is None:
            return weights * self.after, weights
        if contrast is Contrast.DIFFERENCE:
            return weights * (self.before - self.after), weights
        return weights * self.after, weights * self.before

    def unfit(self, contrast: Contrast) -> str | None:
        """Return why a contrast is undefined, in a few words, if it is."""
        if contrast is not Contrast.SHARE and self.before is None:
            return NO_BEFORE
        numerator, denominator = (float(part.sum()) for part in self.parts(contrast))
        if not math.isfinite(numerator) or not math.isfinite(denominator):
            return UNDEFINED
        if denominator <= 0:
            return MAYBE_ZERO if contrast is Contrast.RATIO else UNDEFINED
        return None
