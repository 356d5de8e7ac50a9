"""Bounds of several groups of samples that hold all at once, and of the worst of the groups.

Bonferroni: an interval of confidence 1 - a for the worst of K groups takes one of confidence
1 - a / K for each of them. With that probability all K hold together, however the groups depend on
each other, and then the greatest of the true values lies between the greatest of the lower and the
greatest of the upper ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.confidence_levels import NORMAL, guarded
from pytest_paoding.records.evidence.confidence_curve import LEVELS, ConfidenceCurve
from pytest_paoding.records.evidence.contrast import Contrast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import FloatArray

_HALVINGS = 40
"""Of the range of a difference: far finer than any metric is printed."""


def corrected_deviates(among: int) -> FloatArray:
    """Return the normal deviate of each level, its tail `among` times smaller, (levels,)."""
    tails = [min(level, 1 - level) / among for level in LEVELS]
    signs = np.sign(np.array(LEVELS) - 0.5)  # 0 for the value found, which has no tail
    return np.asarray(signs * np.array([abs(NORMAL.inv_cdf(tail)) for tail in tails]))


def difference_bounds(
    lost: FloatArray, gained: FloatArray, samples: FloatArray, among: int
) -> FloatArray:
    """Return Tango's bounds of the difference of two paired shares, for many tables at once.

    Those of `records.evidence.paired_table`, from the closed form of the constrained estimate
    (Tango, Statistics in Medicine 17 (1998), 891-908).

    Args:
        lost: Number of samples in each group that are right before only, shape (groups,).
        gained: Number of those that are right after only.
        samples: Number of all.
        among: How many groups there are that bounds shall hold for at once.

    Returns:
        Bounds at each level, shape (groups, levels); NaN for groups without samples.
    """
    deviates = corrected_deviates(among)
    counts = [np.asarray(each, np.float64)[:, None] for each in (lost, gained, samples)]
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (counts[0] - counts[1]) / counts[2] + 0 * deviates
        accepted, beyond = found, np.sign(deviates) + 0 * found
        beyond = np.where(deviates == 0, found, beyond)
        accepted = np.where(_squared_scores(beyond, *counts) > deviates**2, accepted, beyond)
        for _ in range(_HALVINGS):
            middle = (accepted + beyond) / 2
            rejected = _squared_scores(middle, *counts) > deviates**2
            beyond = np.where(rejected, middle, beyond)
            accepted = np.where(rejected, accepted, middle)
    return np.where(np.isnan(found), np.nan, accepted)


def _squared_scores(
    values: FloatArray, lost: FloatArray, gained: FloatArray, samples: FloatArray
) -> FloatArray:
    """Return Tango's score statistic, squared, of each tested difference."""
    linear = (2 * samples - lost + gained) * values - lost - gained
    constant = -gained * values * (1 - values)
    root = np.sqrt(np.maximum(linear**2 - 8 * samples * constant, 0))
    share = (root - linear) / (4 * samples)  # of samples gained, were the value the true one
    variance = samples * (2 * share + values * (1 - values))
    apart = (lost - gained - samples * values) ** 2
    return np.where(apart == 0, 0.0, apart / np.maximum(variance, 0))


def worst_curve(
    bounds: FloatArray, found: float, *, samples: int, method: str, replicates: int = 0
) -> ConfidenceCurve:
    """Return the bounds of the greatest true value of several groups.

    Args:
        bounds: Bounds of each group that hold at once, shape (groups, levels); NaN for none, which
            leaves the greatest without a bound too.
        found: The greatest value found.
        samples: Number of samples behind it.
        method: How the bounds were found.
        replicates: Number of resamples behind them.
    """
    greatest = np.where(np.isnan(bounds).any(axis=0), np.nan, bounds.max(axis=0))
    ends = guarded(greatest, found)
    return ConfidenceCurve(Contrast.DIFFERENCE, samples, method, replicates, ends)


def corrected_bounds(curve: ConfidenceCurve, among: int) -> FloatArray:
    """Return the bounds of a curve with tails `among` times smaller, shape (levels,).

    NaN where the curve, of bounds at fixed levels or of few resamples, does not reach so far.
    """
    if not curve.bounds:
        return np.full(len(LEVELS), np.nan)
    tails = [min(level, 1 - level) / (among if level != 0.5 else 1) for level in LEVELS]  # noqa: PLR2004 - the median
    levels = [tail if level <= 0.5 else 1 - tail for level, tail in zip(LEVELS, tails, strict=True)]  # noqa: PLR2004
    reach = (1 - curve.surest) / 2 * (1 - 1e-9)
    found = [
        curve.bound(level) if tail >= reach else None
        for level, tail in zip(levels, tails, strict=True)
    ]
    return np.array(found, np.float64)


def bounds_of(curves: Sequence[ConfidenceCurve]) -> FloatArray:
    """Return the bounds of several curves, shape (curves, levels); NaN where there is none."""
    none = (None,) * len(LEVELS)
    return np.array([curve.bounds or none for curve in curves], np.float64)
