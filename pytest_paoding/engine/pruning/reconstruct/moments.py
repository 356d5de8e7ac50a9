"""Second moments of the columns at a reader, and what kept columns tell of removed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray, IntArray

Matrix = npt.NDArray[np.floating[Any]]  # float64


class Moments:
    """Mean and covariance of samples that arrive in blocks.

    Products are taken in float32 around the mean of the first block, sums in float64. Blocks wait
    until there are as many samples as columns, so that adding up takes no longer than the products:
    O(samples columns^2). Memory: a few matrices (columns, columns), and the samples that wait.
    """

    def __init__(self, columns: int) -> None:
        self._count = 0
        self._origin: FloatArray | None = None
        self._sum: Matrix = np.zeros(columns)
        self._product: Matrix = np.zeros((columns, columns))
        self._waiting: list[FloatArray] = []

    def add(self, samples: FloatArray) -> None:
        """Add samples, shape (samples, columns)."""
        self._waiting.append(samples)
        if sum(map(len, self._waiting)) >= len(self._sum):
            self._settle()

    def _settle(self) -> None:
        """Add the samples that wait."""
        samples = np.concatenate(self._waiting) if self._waiting else np.empty((0, len(self._sum)))
        self._waiting.clear()
        if not len(samples):
            return
        if self._origin is None:
            self._origin = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
        centred = samples - self._origin
        self._count += len(samples)
        self._sum += centred.sum(axis=0, dtype=np.float64)
        self._product += centred.T @ centred

    @property
    def mean(self) -> Matrix:
        """Mean of each column."""
        self._settle()
        origin = 0.0 if self._origin is None else self._origin
        return origin + self._sum / max(self._count, 1)

    @property
    def covariance(self) -> Matrix:
        """Covariance of the columns."""
        self._settle()
        count = max(self._count, 1)
        shift = self._sum / count
        covariance: Matrix = self._product / count
        covariance -= np.outer(shift, shift)
        return covariance


@dataclass(frozen=True, slots=True)
class ColumnMoments:
    """Moments of the columns at one reader.

    Attributes:
        mean: Mean of each column, shape (columns,).
        covariance: Their covariance, regularised, shape (columns, columns).
    """

    mean: Matrix
    covariance: Matrix

    def takeover(self, removed: IntArray, kept: IntArray) -> tuple[Matrix, Matrix]:
        """Return the best linear prediction of removed columns from kept ones.

        Returns `B = H[R, K] H[K, K]^-1`, shape (removed, kept), and the constant
        `mu[R] - B mu[K]`, shape (removed,).
        """
        if not len(kept):
            return np.zeros((len(removed), 0)), self.mean[removed]
        cross = self.covariance[np.ix_(kept, removed)]
        share: Matrix = np.linalg.solve(self.covariance[np.ix_(kept, kept)], cross).T
        return share, self.mean[removed] - share @ self.mean[kept]


def regularised(covariance: Matrix, share: float = 1e-3) -> Matrix:
    """Return a covariance with a share of its mean variance added to the diagonal."""
    outcome = covariance.copy()
    diagonal = np.diag_indices(len(covariance))
    outcome[diagonal] += share * np.trace(covariance) / len(covariance) + 1e-10
    return outcome


def arc_cosine(weights: Matrix) -> Matrix:
    """Return the covariance of ReLU units under white inputs, from their incoming weights.

    The arc-cosine kernel of order one (Cho & Saul 2009), less the product of the means.

    Args:
        weights: Incoming weights of each unit, shape (inputs, units).
    """
    norm = np.linalg.norm(weights, axis=0) + 1e-12
    cosine = np.clip(weights.T @ weights / np.outer(norm, norm), -1, 1)
    angle = np.arccos(cosine)
    kernel = np.sqrt(1 - cosine**2) + (np.pi - angle) * cosine - 1
    return np.outer(norm, norm) * kernel / (2 * np.pi)
