"""Bounds of a function of the samples from its values in resamples: BCa."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.confidence_levels import (
    DEVIATES,
    NORMAL,
    guarded,
    quantiles,
)

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_LEAST_SLOPE = 0.05
"""Where the correction would turn around, bounds are the outermost resamples."""


def bias_corrected(
    drawn: FloatArray, found: float, left_out: FloatArray, samples: int
) -> tuple[float | None, ...]:
    """Return the bounds of a value at each of `LEVELS`.

    The bias-corrected and accelerated bootstrap (Efron, JASA 82 (1987), 171-185; DiCiccio and
    Efron, Statistical Science 11 (1996), 189-228): quantiles of the resamples at levels that are
    corrected for the median's bias, and for a standard error that changes with the value. The
    deviates are those of Student's t with n - 1 degrees of freedom, times the root of n / (n - 1),
    as resamples vary less than samples do (Hesterberg, American Statistician 69 (2015), 371-386).

    Args:
        drawn: Values in the resamples, shape (B,), finite.
        found: Value in the samples.
        left_out: Values without one group of samples each, shape (groups,); others than finite
            ones are left out.
        samples: Number of samples, above 2.
    """
    below = (drawn < found).mean() + (drawn == found).mean() / 2
    least = 1 / (len(drawn) + 1)
    bias = NORMAL.inv_cdf(min(max(float(below), least), 1 - least))
    shifted = bias + math.sqrt(samples / (samples - 1)) * student(DEVIATES, samples - 1)
    slope = np.maximum(1 - acceleration(left_out) * shifted, _LEAST_SLOPE)
    levels = [NORMAL.cdf(bias + each) for each in (shifted / slope).tolist()]
    return guarded(quantiles(drawn, np.array(levels)), found)


def acceleration(left_out: FloatArray) -> float:
    """Return the change of the standard error with the value: a sixth of the jackknife's skewness.

    Args:
        left_out: Values without one group of samples each, shape (groups,).
    """
    finite = left_out[np.isfinite(left_out)]
    influence = finite.mean() - finite if finite.size else finite
    square = (influence**2).sum()
    return float((influence**3).sum() / (6 * square**1.5)) if square > 0 else 0.0


def student(deviates: FloatArray, freedom: int) -> FloatArray:
    """Return deviates of Student's t at the levels of normal ones, to 0.001 from 19 degrees on.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5.
    """
    z = deviates
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
