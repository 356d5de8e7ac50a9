"""The energy of a merge: how far, and how unevenly, it can move the outputs, in one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.intervals import Interval

NORM_WEIGHT = 0.75
ENTROPY_WEIGHT = 0.25
SIMILAR = 0.9
_BLOCK = 1 << 22  # numbers in one block of pairwise similarities: 32 MB


def energies(effects: Interval) -> npt.NDArray[np.float64]:
    """Return the energy of each merge among the candidates of one round, in [0, 1].

    `0.75 * norm + 0.25 * entropy` (arXiv 2204.00783, equations 4 to 7). The paper squashes both
    with a logistic, which is 1.0 for every norm above 37 and so ranks nothing; here each is scaled
    to [0, 1] over the candidates, the norm by its logarithm.

    Args:
        effects: Interval by which each merge can move each output, shape (merges, outputs).
    """
    norm = _logarithm((effects.high - effects.low).sum(axis=1, dtype=np.float64))
    return NORM_WEIGHT * _scaled(norm) + ENTROPY_WEIGHT * _scaled(entropy(effects))


def entropy(effects: Interval) -> npt.NDArray[np.float64]:
    """Return `-sum(rho log rho)` of each merge, rho being the share of outputs moved alike.

    Two outputs are moved alike if `1 - (|lo_i - lo_j| + |hi_i - hi_j|) / 2 (max hi - min lo)` is at
    least 0.9. O(merges * outputs^2), in blocks of merges.
    """
    merges, outputs = effects.low.shape
    rows = max(1, _BLOCK // (outputs * outputs))
    result = np.empty(merges)
    for start in range(0, merges, rows):
        low, high = effects.low[start : start + rows], effects.high[start : start + rows]
        span = (high.max(axis=1) - low.min(axis=1))[:, None, None]
        apart = np.abs(low[:, :, None] - low[:, None]) + np.abs(high[:, :, None] - high[:, None])
        share = (apart <= 2 * (1 - SIMILAR) * span).mean(axis=2)
        result[start : start + rows] = -(share * np.log(share)).sum(axis=1)
    return result


def _logarithm(norm: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the logarithm; that of a zero is taken as a little less than the least."""
    least = norm[norm > 0].min(initial=np.inf)
    return np.log(np.maximum(norm, least / 2)) if np.isfinite(least) else np.zeros_like(norm)


def _scaled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    spread = values.max() - values.min()
    return (values - values.min()) / spread if spread > 0 else np.zeros_like(values)
