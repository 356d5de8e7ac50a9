"""Elimination: the order in which the units of a group are best removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.moments import Matrix

_WIDE, _MOSTLY = 256, 7 / 8  # columns of a wide matrix; share that are left when it shrinks


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What one reader reads of a group.

    Attributes:
        covariance: Covariance of its columns, regularised, shape (columns, columns).
        gram: Gram matrix of its weights on them, shape (columns, columns).
        rows: Columns of each unit, shape (units,) or, where a unit has several, (units, columns):
            they then go together.
    """

    covariance: Matrix
    gram: Matrix
    rows: IntArray


def elimination_order(read: Sequence[Site], count: int) -> IntArray:
    """Return the units to remove, least harm first (optimal brain surgeon, backward).

    Removing unit r, with the best compensation by the other columns, costs `A[r, r] / V[r, r]` at
    each reader, where V is the inverse of the covariance and A the Gram matrix of the reader's
    weights; both are downdated after every removal (Hassibi & Stork 1993, on whole channels). Wide
    groups lose 1/64 of their units at a time: O(columns^3) in all. Memory: two matrices (columns,
    columns) in float64 at each reader, and a third while they are downdated. Matrices of 256
    columns and more are downdated when an eighth of these has gone, and shrink to what is left.

    Args:
        read: What each reader reads.
        count: Number of units to remove.
    """
    sites = [_Deferred(each) if _is_wide(each) else _Direct(each) for each in read]
    left = np.arange(len(read[0].rows))
    order: list[IntArray] = []
    for block in _blocks(count, max(1, len(left) // 64)):
        score = np.zeros(len(left))
        for site in sites:
            score += site.harm(left)
        ranked = np.argsort(score, kind="stable")
        order.append(left[ranked[:block]])
        left = np.sort(left[ranked[block:]])
        for site in sites:
            site.eliminate(order[-1])
    return np.concatenate([np.empty(0, np.int64), *order])


def _blocks(count: int, size: int) -> list[int]:
    return [min(size, count - start) for start in range(0, count, size)]


def _is_wide(site: Site) -> bool:
    return len(site.gram) >= _WIDE and site.rows.ndim == 1


class _Direct:
    """A site in the course of an elimination.

    Attributes:
        inverse: Inverse of the covariance of the columns.
        gram: Gram matrix of the weights on them.
        rows: Columns of each unit.
    """

    def __init__(self, site: Site) -> None:
        """Begin with all units."""
        self.inverse: Matrix = np.linalg.inv(site.covariance)
        self.gram, self.rows = site.gram.copy(), site.rows

    def harm(self, units: IntArray) -> Matrix:
        """Return what removing each of some units costs, shape (units,)."""
        rows = self.rows[units]
        if rows.ndim == 1:
            return _ratio(np.diagonal(self.gram)[rows], np.diagonal(self.inverse)[rows])
        block = rows[:, :, None], rows[:, None, :]
        together: Matrix = np.linalg.solve(self.inverse[block], self.gram[block])
        return np.asarray(np.maximum(np.trace(together, axis1=1, axis2=2), 0))

    def eliminate(self, units: IntArray) -> None:
        """Downdate by some units: the others take over their outgoing weights."""
        removed, inverse, gram = self.rows[units].ravel(), self.inverse, self.gram
        columns = inverse[:, removed].copy()
        share = np.linalg.solve(columns[removed], columns.T)
        inverse -= columns @ share
        gram -= share.T @ gram[removed]
        gram -= gram[:, removed] @ share
        for matrix in (inverse, gram):
            matrix[removed] = 0
            matrix[:, removed] = 0
        inverse[removed, removed] = 1


class _Deferred:
    """The same of a wide site whose units have a column each.

    A downdate by a few columns takes as long to write as to compute, so many are gathered.
    """

    def __init__(self, site: Site) -> None:
        """Begin with all units."""
        self._inverse, self._gram = (
            _Downdated(np.linalg.inv(site.covariance)),
            _Downdated(site.gram),
        )
        self._rows = site.rows
        self._left: BoolArray = np.ones(len(site.gram), bool)

    def harm(self, units: IntArray) -> Matrix:
        """Return what removing each of some units costs, shape (units,)."""
        rows = self._rows[units]
        return _ratio(self._gram.diagonal[rows], self._inverse.diagonal[rows])

    def eliminate(self, units: IntArray) -> None:
        """Downdate by some units: the others take over their outgoing weights."""
        removed = self._rows[units]
        columns = self._inverse.columns(removed)
        share = np.linalg.solve(columns[removed], columns.T)
        self._inverse.subtract(columns, share)
        self._gram.subtract(share.T, self._gram.columns(removed).T)
        self._gram.subtract(self._gram.columns(removed), share)
        self._left[removed] = False
        if self._left.mean() <= _MOSTLY:
            self._shrink()

    def _shrink(self) -> None:
        for matrix in (self._inverse, self._gram):
            matrix.shrink(self._left)
        places = np.cumsum(self._left) - 1
        self._rows = places[self._rows]  # of units that have gone nobody asks any more
        self._left = np.ones(np.count_nonzero(self._left), bool)


class _Downdated:
    """A symmetric matrix, less products that are still to be taken.

    Attributes:
        diagonal: Its diagonal, shape (columns,).
    """

    def __init__(self, matrix: Matrix) -> None:
        """Take a matrix, which is not written to."""
        self.diagonal: Matrix = np.diagonal(matrix).copy()
        self._matrix = matrix
        self._products: list[tuple[Matrix, Matrix]] = []

    def columns(self, which: IntArray) -> Matrix:
        """Return some columns, shape (columns, which)."""
        found = self._matrix[:, which]
        for left, right in self._products:
            found -= left @ right[:, which]
        return found

    def subtract(self, left: Matrix, right: Matrix) -> None:
        """Subtract the product of matrices (columns, few) and (few, columns)."""
        self.diagonal -= np.einsum("ij,ji->i", left, right)
        self._products.append((left, right))

    def shrink(self, stay: BoolArray) -> None:
        """Take all products, and leave only the columns, and rows, that stay."""
        left = np.concatenate([each[stay] for each, _ in self._products], axis=1)
        right = np.concatenate([each[:, stay] for _, each in self._products])
        self._matrix = self._matrix[np.ix_(stay, stay)]
        self._matrix -= left @ right
        self.diagonal = self.diagonal[stay]
        self._products.clear()


def _ratio(gram: Matrix, inverse: Matrix) -> Matrix:
    found: Matrix = np.maximum(gram, 0) / np.maximum(inverse, 1e-30)
    return found
