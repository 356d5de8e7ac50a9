"""What the curves of all methods have in common: levels, quantiles, and why there is no bound."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.records.evidence.confidence_curve import LEVELS, ConfidenceCurve
from pytest_paoding.records.evidence.contrast import Contrast

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

LEAST = 20
"""Fewest samples for an interval from resamples: with fewer, hardly any skewed score is covered."""

NORMAL = NormalDist()
DEVIATES = np.array([NORMAL.inv_cdf(level) for level in LEVELS])
"""The normal deviate of each level, shape (levels,)."""

TOO_FEW = f"an interval takes {LEAST} samples"
CONSTANT = "it is the same in every resample, which does not tell how it varies"
MAYBE_ZERO = "the value before pruning may be 0"
UNDEFINED = "the value is undefined"
NO_BEFORE = "there is no value before pruning"


def guarded(bounds: FloatArray, found: float) -> tuple[float | None, ...]:
    """Return the bounds as plain numbers: none where they are not finite, none beyond `found`.

    A lower bound above the found value, or an upper one below it, would let a budget with
    confidence pass where one without does not. The bound of level 1/2 is the found value.

    Args:
        bounds: A bound for each level, shape (levels,).
        found: The value found in the samples.
    """
    ends = np.where(DEVIATES < 0, np.minimum(bounds, found), np.maximum(bounds, found))
    ends[DEVIATES == 0] = found
    return tuple(float(end) if np.isfinite(end) else None for end in ends)


def exact(curve: ConfidenceCurve) -> ConfidenceCurve:
    """Return the curve of a comparison of a model with itself: every bound is 0, or the ratio 1."""
    value = 1.0 if curve.contrast is Contrast.RATIO else 0.0
    return replace(curve, bounds=(value,) * len(LEVELS))


def quantiles(drawn: FloatArray, levels: FloatArray) -> FloatArray:
    """Return quantiles of B draws, at the places (B + 1) p, within the outermost draws.

    Args:
        drawn: The draws, shape (B,), of which infinite ones make quantiles infinite.
        levels: Levels p, shape (levels,).
    """
    ordered = np.sort(drawn)
    place = np.clip((len(ordered) + 1) * levels - 1, 0, len(ordered) - 1)
    low, high = ordered[np.floor(place).astype(int)], ordered[np.ceil(place).astype(int)]
    share = place % 1
    between = np.isfinite(low) & np.isfinite(high)
    ends = np.where(between, low, 0), np.where(between, high, 0)
    inner = ends[0] + share * (ends[1] - ends[0])
    return np.where(between, inner, np.where(share == 0, low, _outer(low, high)))


def _outer(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return, of two neighbours, the one that is not finite."""
    return np.where(np.isfinite(low), high, low)
