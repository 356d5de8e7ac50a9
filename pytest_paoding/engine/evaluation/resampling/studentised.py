"""Bounds of means of any numbers, such as errors and losses: the bootstrap-t."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.confidence_levels import (
    CONSTANT,
    LEAST,
    TOO_FEW,
    exact,
    guarded,
    quantiles,
)
from pytest_paoding.records.evidence.confidence_curve import LEVELS, ConfidenceCurve
from pytest_paoding.records.evidence.contrast import Contrast

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
    from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
    from pytest_paoding.engine.graph.types import FloatArray

_METHOD = "bootstrap-t"
_ROUNDING = 1e-12
"""Deviation, relative to the numbers, that is nothing but rounding."""


def studentised_curves(
    asked: Iterable[tuple[PairedMeans, Contrast]], resamples: Resamples
) -> list[ConfidenceCurve]:
    """Return the bounds of means, differences and ratios of means, all from the same resamples.

    The bootstrap-t (Efron 1981; Hall, Annals of Statistics 16 (1988), 927-953): how many standard
    errors, its own ones, a resample's value is away from the found one says how many the found one
    may be away from the true one. A ratio v of the sums of y and x is tested by the mean of y - v x
    (Fieller 1954), so that a denominator near 0 gives no bound rather than a wrong one.

    Args:
        asked: What to bound.
        resamples: The resamples of the samples.

    Cost: that of the resamples, and 4 `replicates` n operations for each of `asked`.
    """
    pairs = list(asked)
    settled = [_settled(means, contrast, resamples) for means, contrast in pairs]
    waiting = [
        means.parts(contrast)
        for (means, contrast), curve in zip(pairs, settled, strict=True)
        if curve is None
    ]
    bounds = map(_bounds, waiting, _studentised(waiting, resamples))
    return [
        ConfidenceCurve(contrast, means.samples, _METHOD, resamples.replicates, next(bounds))
        if curve is None
        else curve
        for (means, contrast), curve in zip(pairs, settled, strict=True)
    ]


def _settled(
    means: PairedMeans, contrast: Contrast, resamples: Resamples
) -> ConfidenceCurve | None:
    """Return the curve where it needs no resamples: without bounds, or exact."""
    reason = means.unfit(contrast) or (TOO_FEW if means.samples < LEAST else None)
    none = ConfidenceCurve(contrast, means.samples, _METHOD, resamples.replicates, (), reason)
    if reason:
        return none
    if contrast is not Contrast.SHARE and means.same:
        return exact(none)
    numerator, denominator = means.parts(contrast)
    found = numerator.sum() / denominator.sum()
    size = np.abs(numerator) + abs(found) * np.abs(denominator)
    if (np.abs(numerator - found * denominator) <= _ROUNDING * size.max()).all():
        return ConfidenceCurve(contrast, means.samples, _METHOD, resamples.replicates, (), CONSTANT)
    return None


def _studentised(
    waiting: Sequence[tuple[FloatArray, FloatArray]], resamples: Resamples
) -> FloatArray:
    """Return the mean deviation in each resample in its standard errors, shape (asked, B).

    Infinite where a resample's samples are all alike, so that it has no standard error.
    """
    if not waiting:
        return np.empty((0, resamples.replicates))
    columns = np.stack([y - (y.sum() / x.sum()) * x for y, x in waiting], axis=1)
    columns /= columns.std(axis=0)
    powers = np.concatenate([columns, columns**2], axis=1)
    sums = np.concatenate([counts @ powers for counts in resamples.blocks()])
    mean, square = np.split(sums.T / resamples.samples, 2)
    variance = (square - mean**2) / resamples.samples
    variance[variance < _ROUNDING * square / resamples.samples] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(mean == 0, 0, mean / np.sqrt(variance)))


def _bounds(parts: tuple[FloatArray, FloatArray], drawn: FloatArray) -> tuple[float | None, ...]:
    """Return the ratio whose test statistic is each quantile of the drawn ones.

    The mean of y - v x is q standard errors where a v^2 - 2 b v + c = 0; of the two solutions that
    below the found ratio has a mean above 0. Without a positive a, any ratio far off is possible.
    """
    y, x = parts
    means = np.array([y.mean(), x.mean()])
    (c, b), (_, a) = np.outer(means, means)
    (c_spread, b_spread), (_, a_spread) = np.cov(y, x, bias=True) / len(y)
    deviate = quantiles(drawn, 1 - np.array(LEVELS))
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b, c = (
            each - deviate**2 * spread
            for each, spread in ((a, a_spread), (b, b_spread), (c, c_spread))
        )
        root = np.sqrt(np.maximum(b * b - a * c, 0))
        ratio = np.where(a > 0, (b - np.sign(deviate) * root) / a, np.nan)
    return guarded(ratio, float(y.sum() / x.sum()))
