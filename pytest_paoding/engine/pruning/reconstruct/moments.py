"""Second moments of the columns at a reader, and the order in which units are best removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import FloatArray, IntArray

Matrix = npt.NDArray[np.floating[Any]]  # float64


class Moments:
    """Mean and covariance of samples that arrive in blocks.

    Products are taken in float32 around the mean of the first block, sums in float64.
    """

    def __init__(self, columns: int) -> None:
        self._count = 0
        self._origin: FloatArray | None = None
        self._sum: Matrix = np.zeros(columns)
        self._product: Matrix = np.zeros((columns, columns))

    def add(self, samples: FloatArray) -> None:
        """Add samples, shape (samples, columns)."""
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
        origin = 0.0 if self._origin is None else self._origin
        return origin + self._sum / max(self._count, 1)

    @property
    def covariance(self) -> Matrix:
        """Covariance of the columns."""
        count = max(self._count, 1)
        shift = self._sum / count
        return self._product / count - np.outer(shift, shift)


@dataclass(frozen=True, slots=True)
class ColumnMoments:
    """Moments of the columns at one reader.

    Attributes:
        mean: Mean of each column, shape (columns,).
        covariance: Their covariance, regularised, shape (columns, columns).
        gram: Gram matrix of the reader's weights on the columns, shape (columns, columns).
    """

    mean: Matrix
    covariance: Matrix
    gram: Matrix

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
    added = share * np.trace(covariance) / len(covariance) + 1e-10
    outcome: Matrix = covariance + added * np.eye(len(covariance))
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


def elimination_order(read: Sequence[tuple[ColumnMoments, IntArray]], count: int) -> IntArray:
    """Return the units to remove, least harm first (optimal brain surgeon, backward).

    Removing unit r, with the best compensation by the other columns, costs `A[r, r] / V[r, r]` at
    each reader, where V is the inverse of the covariance and A the Gram matrix of the reader's
    weights; both are downdated after every removal (Hassibi & Stork 1993, on whole channels). Wide
    groups lose 1/64 of their units at a time: O(columns^3) in all.

    Args:
        read: Moments at each reader, and the columns of each unit there, shape (units,) or, where a
            unit has several, (units, columns): they then go together.
        count: Number of units to remove.
    """
    inverses: list[Matrix] = [np.linalg.inv(moments.covariance) for moments, _ in read]
    grams = [moments.gram.copy() for moments, _ in read]
    width = len(read[0][1])
    left = np.ones(width, bool)
    order: list[IntArray] = []
    for block in _blocks(count, max(1, width // 64)):
        score = np.zeros(width)
        for (_, rows), inverse, gram in zip(read, inverses, grams, strict=True):
            score += _harm(inverse, gram, rows)
        chosen = np.argsort(np.where(left, score, np.inf), kind="stable")[:block]
        left[chosen] = False
        order.append(chosen)
        for (_, rows), inverse, gram in zip(read, inverses, grams, strict=True):
            _eliminate(inverse, gram, rows[chosen].ravel())
    return np.concatenate([np.empty(0, np.int64), *order])


def _harm(inverse: Matrix, gram: Matrix, rows: IntArray) -> Matrix:
    """Return what removing each unit costs at one reader, shape (units,)."""
    if rows.ndim == 1:
        harm = np.maximum(np.diagonal(gram)[rows], 0)
        found: Matrix = harm / np.maximum(np.diagonal(inverse)[rows], 1e-30)
        return found
    block = rows[:, :, None], rows[:, None, :]
    together: Matrix = np.linalg.solve(inverse[block], gram[block])
    return np.asarray(np.maximum(np.trace(together, axis1=1, axis2=2), 0))


def _blocks(count: int, size: int) -> list[int]:
    return [min(size, count - start) for start in range(0, count, size)]


def _eliminate(inverse: Matrix, gram: Matrix, removed: IntArray) -> None:
    """Downdate by some columns, in place: the others take over their outgoing weights."""
    columns = inverse[:, removed].copy()
    share = np.linalg.solve(columns[removed], columns.T)
    inverse -= columns @ share
    gram -= share.T @ gram[removed]
    gram -= gram[:, removed] @ share
    for matrix in (inverse, gram):
        matrix[removed] = 0
        matrix[:, removed] = 0
    inverse[removed, removed] = 1
