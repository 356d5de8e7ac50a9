"""Table draws: rows of tables, as candidates for inputs of features.

Rows come in sets of 256, each of a table of its own: which columns go together, how wide each is
and where it lies differs from set to set, how far a row lies out from row to row. A table has at
most sixteen factors, so that wide ones take no square of their width. Memory beside the result:
some arrays of a set, of 2^22 values at most.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    in_blocks,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.pictures import correlated

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import FloatArray

    Margin = Callable[[FloatArray, np.random.Generator], FloatArray]
    """Returns columns of a table from standardised ones, shape (count, columns), in [0, 1]."""

_SET = 256
_TOGETHER = 1 << 22  # values of a set: wide tables have smaller ones
_FACTORS = 16
_UNIQUE = (0.1, 1.0)  # deviation of what a column shares with no other, beside about 1
_WIDTHS = (0.03, 0.3)  # deviations of columns: the smaller ones where ranges hold rare values too
_LEVEL = 0.12  # deviation of where columns lie around the middle
_OUT = (0.5, 2.0)  # how far out rows lie, as a factor
_CLUSTERS = (2, 8)
_SKEW = (0.3, 1.5)  # deviation of the logarithm of a skewed column
_TOP = 0.995  # share of a skewed column's rows below the end of its range
_TAILS = (1.5, 6.0)  # degrees of freedom of heavy tails
_APART = (0.5, 3.0)  # deviation of the middles of clusters, beside about 1 within them
_TIGHT = (0.3, 1.0)  # deviation of each cluster
_ONES = (0.02, 0.98)  # share of a binary column
_LOGISTIC = np.float32(1.7)  # at that steepness a sigmoid is within .01 of the normal one
_EMPTY = (0.3, 0.97)  # share of a sparse table that lies at one end


def plain_vectors(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return `correlated` vectors within [0, 1], shape (count, *size), float32."""
    found = in_blocks(correlated, size, count, generator, _TOGETHER)
    return np.clip(found, 0, 1, out=found)


def factor_vectors(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return correlated Gaussian vectors, shape (count, *size), in [0, 1]."""
    return _tables(_factors, _placed, size, count, generator)


def clusters(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return mixtures of two to eight Gaussians, shape (count, *size), in [0, 1]."""
    return _tables(_clusters, _placed, size, count, generator)


def skewed(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return log-normal and exponential columns, shape (count, *size), in [0, 1]."""
    return _tables(_factors, _skewed, size, count, generator)


def heavy_tails(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return vectors some of which lie far out, all columns or single ones, in [0, 1]."""
    return _tables(_factors, _heavy, size, count, generator)


def sparse(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return rows most of whose values lie at one end, shape (count, *size), in [0, 1]."""
    return _tables(_factors, _sparse, size, count, generator)


def binary(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return zeros and ones in correlated columns, shape (count, *size)."""
    return _tables(_factors, _binary, size, count, generator)


def mixed_columns(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return tables whose columns go together and have margins of all kinds, in [0, 1]."""
    return _tables(_clusters, _any_margin, size, count, generator)


def _tables(
    rows: Callable[[int, int, np.random.Generator], FloatArray],
    margin: Margin,
    size: tuple[int, ...],
    count: int,
    generator: np.random.Generator,
) -> FloatArray:
    """Return rows of several tables, in random order.

    Args:
        rows: Returns standardised rows of one table, of so many columns, as many as asked for.
        margin: Returns its columns as they are distributed.
        size: Size of a row.
        count: Number of rows.
        generator: The random generator.
    """
    columns = prod(size)

    def some(_: tuple[int, ...], part: int, generator: np.random.Generator) -> FloatArray:
        return np.clip(margin(rows(columns, part, generator), generator), 0, 1)

    found = in_blocks(some, (columns,), count, generator, min(_SET * columns, _TOGETHER))
    return found[generator.permutation(count)].reshape(count, *size)


def _factors(columns: int, count: int, generator: np.random.Generator) -> FloatArray:
    """Return correlated columns of mean 0 and deviation 1 before rows are drawn out."""
    rank = int(log_between(generator, 1, _FACTORS + 1, (1,))[0])
    loads = generator.standard_normal((rank, columns), np.float32)
    loads *= generator.random((rank, columns)) < between(generator, 0.2, 1, (rank, 1))
    unique = log_between(generator, *_UNIQUE, (columns,))
    deviation = np.sqrt((loads**2).sum(axis=0) + unique**2)
    found = generator.standard_normal((count, rank), np.float32) @ loads
    found += unique * generator.standard_normal((count, columns), np.float32)
    return np.asarray(found / deviation * log_between(generator, *_OUT, (count, 1)))


def _clusters(columns: int, count: int, generator: np.random.Generator) -> FloatArray:
    """Return rows around two to eight middles, one cluster behind the other, of deviation 1."""
    number = int(generator.integers(*_CLUSTERS, endpoint=True))
    apart = log_between(generator, *_APART, (1,))
    sizes = generator.multinomial(count, generator.dirichlet(np.ones(number)))
    tight = log_between(generator, *_TIGHT, (number,))
    middles = apart * generator.standard_normal((number, columns), np.float32)
    parts = [
        middle + narrow * _factors(columns, int(part), generator)
        for middle, narrow, part in zip(middles, tight, sizes, strict=True)
    ]
    return np.asarray(np.concatenate(parts) / np.sqrt(1 + apart**2))


def _placed(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return columns at widths and levels of their own, around the middle."""
    columns = normal.shape[1]
    width = log_between(generator, *_WIDTHS, (1,)) * log_between(generator, 0.7, 1.5, (columns,))
    level = _LEVEL * generator.standard_normal(columns, np.float32)
    found: FloatArray = np.float32(0.5) + level + width * normal
    return found


def _skewed(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return log-normal columns and exponential ones, some of them turned over."""
    columns = normal.shape[1]
    lognormal = np.exp(log_between(generator, *_SKEW, (columns,)) * normal)
    exponential = np.logaddexp(0, _LOGISTIC * normal)  # as good as -log(1 - Phi(x))
    found = np.where(generator.random(columns) < 1 / 2, exponential, lognormal)
    found /= np.quantile(found, _TOP, axis=0).astype(np.float32) + np.float32(1e-6)
    turned = generator.random(columns) < between(generator, 0, 1 / 2, (1,))
    return np.where(turned, 1 - found, found)


def _heavy(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return Student's t in place of Gaussians, of each row or of each value."""
    freedom = float(log_between(generator, *_TAILS, (1,))[0])
    together = generator.random() < 1 / 2
    shape = (len(normal), 1) if together else normal.shape
    spread = generator.standard_gamma(freedom / 2, shape, np.float32) * np.float32(2 / freedom)
    return _placed(normal / np.sqrt(spread + np.float32(1e-3)), generator)


def _sparse(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return values where a row has any, and one end of the range elsewhere."""
    rows, columns = normal.shape
    empty = between(generator, *_EMPTY, (1,)) * between(generator, 0.7, 1, (rows, 1))
    power = log_between(generator, 1 / 3, 3, (columns,))
    found = np.where(_ranks(normal) > empty, generator.random((rows, columns), np.float32), 0)
    found = found**power
    return 1 - found if generator.random() < 1 / 4 else found


def _binary(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    share = between(generator, *_ONES, (normal.shape[1],))
    return (_ranks(normal) < share).astype(np.float32)


def _any_margin(normal: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return columns each of which has one of the other margins."""
    margins = (_placed, _skewed, _heavy, _sparse, _binary)
    chosen = generator.integers(0, len(margins), normal.shape[1])
    found = np.empty_like(normal)
    for number, margin in enumerate(margins):
        mine = chosen == number
        if mine.any():
            found[:, mine] = margin(normal[:, mine], generator)
    return found


def _ranks(normal: FloatArray) -> FloatArray:
    """Return about what share of a normal distribution lies below values of it."""
    return sigmoid(_LOGISTIC * normal)
