"""Pairs of units in a dense layer: one that could go, and one that would take over.

A *nominee* is removed and a *delegate* of the same layer takes over its outgoing weights. A pair is
good, and its saliency small, if the two compute nearly the same or the nominee's outgoing weights
are small (after Srinivas & Babu, arXiv 1507.06149; arXiv 2204.00783, equation 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

from pytest_paoding.engine.execution.normalisation import affine
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.norms import norm_behind

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.groups import Group, Sites
    from pytest_paoding.engine.graph.trace import Call, Graph
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.engine.pruning.unit_search import UnitSearch

_BLOCK = 2048  # rows converted to float64 at a time: 64 MB for a layer of 4096 units
_DEPTH = 8  # delegates considered first for each nominee


@dataclass(frozen=True, slots=True)
class Pairs:
    """Disjoint pairs of units, in the order of their saliency.

    Attributes:
        nominees: Rows of the units that would go, shape (pairs,).
        delegates: Rows of the units that would take over, shape (pairs,).
        saliency: Saliency of each pair, shape (pairs,).
    """

    nominees: IntArray
    delegates: IntArray
    saliency: npt.NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.nominees)

    def __getitem__(self, index: Any) -> Pairs:
        return Pairs(self.nominees[index], self.delegates[index], self.saliency[index])


@dataclass(frozen=True, slots=True)
class DenseGroup:
    """A group in which units can take over for each other.

    One dense layer produces it, dense layers read it, and all layers between treat the units alike,
    except for a BatchNormalization right behind a linear layer, which is folded into it.

    Attributes:
        layer: The dense layer that produces the units.
        classes: Class of each of its units, shape (units,).
        norm: The BatchNormalization that is folded into it, if any.
        readers: Sites of the units on each contracted axis, with every call that sums over it.
    """

    layer: Any
    classes: IntArray
    norm: Any | None
    readers: tuple[tuple[Sites, Call], ...]


def dense_group(group: Group, graph: Graph) -> DenseGroup | None:
    """Return a group as one whose units can be paired; None where they cannot."""
    layer = group.producers[0].layer
    carriers = {sites.axis.layer for sites in group.carried} - {layer}
    layers = {sites.axis.layer for sites in group.contracted}
    norm = norm_behind(graph, layer)
    if (
        len(group.producers) > 1
        or not group.mergeable
        or not layers
        or any(type(each) is not keras.layers.Dense for each in {layer, *layers})
        or not carriers <= {norm}
    ):
        return None
    readers = tuple(
        (sites, call) for sites in group.contracted for call in graph.calls_of(sites.axis.layer)
    )
    return DenseGroup(layer, group.producers[0].classes, norm if carriers else None, readers)


class PairSaliency:
    """The saliency of the pairs in one group, kept up to date while its weights change.

    The Gram matrix of the incoming weights is computed once, O(inputs * units^2), and then
    corrected by the rows that change when units before the group are removed or merged.
    Memory: a copy of the kernel and four matrices (units, units).
    """

    def __init__(self, search: UnitSearch, group: DenseGroup) -> None:
        self._search = search
        self._layer = group.layer
        self._norm = group.norm
        self._kernel: FloatArray | None = None
        self._version = 0
        self._gram: npt.NDArray[np.float64] = np.zeros((search.group.width, search.group.width))
        self._rows: IntArray = np.arange(search.group.width)  # units in the Gram matrix
        # The only producer may have pinned units besides those of the group.
        column = {number: index for index, number in enumerate(group.classes.tolist())}
        self._columns = np.array([column[number] for number in search.group.units.tolist()])

    def least(self, count: int) -> Pairs:
        """Return at most `count` disjoint pairs of the units left, of least saliency.

        Pairs are taken greedily in the order of their saliency; the unit of a pair with the smaller
        outgoing weights is the nominee.
        """
        left = self._search.left
        norms = self._outgoing_norms()[left]
        rank = np.argsort(np.lexsort((np.arange(len(left)), norms)))
        saliency = self._distances(left)
        saliency *= norms[:, None]
        np.nan_to_num(saliency, copy=False)  # huge weights overflow, and still are pairs
        saliency[rank[:, None] >= rank] = np.inf
        nominees, delegates = disjoint(saliency, count)
        return Pairs(left[nominees], left[delegates], saliency[nominees, delegates])

    def _outgoing_norms(self) -> npt.NDArray[np.float32]:
        square = np.zeros(self._search.group.width)
        for rows in self._search.outgoing():
            square += np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        return np.sqrt(square).astype(np.float32)

    def _distances(self, left: IntArray) -> npt.NDArray[np.float32]:
        """Return ||w_i - w_j|| + |b_i - b_j| of the units left, shape (left, left).

        Squares are subtracted in float64, as near duplicates cancel; the rest only ranks.
        """
        self._update(left)
        scale, bias = self._affine(left)
        gram = self._gram if self._norm is None else self._gram * np.outer(scale, scale)
        square = np.diagonal(gram)
        apart = np.multiply(gram, -2)
        apart += square[:, None]
        apart += square
        distance = np.maximum(apart, 0, out=apart).astype(np.float32)
        np.sqrt(distance, out=distance)
        distance += np.abs(np.subtract.outer(bias, bias))
        return distance

    def _affine(self, left: IntArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
        """Return the factor and bias of the units' pre-activations, with the norm folded in."""
        layer, norm = self._layer, self._norm
        scale, bias = np.ones(layer.units), np.zeros(layer.units)
        if layer.use_bias:
            bias = values_of(layer.bias).astype(np.float64)
        if norm is not None:
            scale, shift = affine(norm, WorkingWeights(np.float64))
            bias = bias * scale + shift
        columns = self._columns[left]
        return scale[columns], bias[columns].astype(np.float32)

    def _update(self, left: IntArray) -> None:
        """Update the Gram matrix to the units left and the rows that have changed."""
        key = self._layer, 0
        present = self._search.weights[key]
        if len(left) < len(self._rows):
            kept = np.searchsorted(self._rows, left)
            self._gram = self._gram[np.ix_(kept, kept)]
            self._rows = left
        if self._kernel is None:
            self._kernel = np.zeros_like(present)
            self._add_gram(present, np.add)
        elif self._version != self._search.weights.version(key):
            changed = np.flatnonzero((present != self._kernel).any(axis=1))
            self._add_gram(self._kernel[changed], np.subtract)
            self._add_gram(present[changed], np.add)
        else:
            return
        np.copyto(self._kernel, present)
        self._version = self._search.weights.version(key)

    def _add_gram(self, rows: FloatArray, add: np.ufunc) -> None:
        columns = self._columns[self._rows]
        product = np.empty_like(self._gram)
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK, columns].astype(np.float64)
            np.matmul(block.T, block, out=product)
            add(self._gram, product, out=self._gram)


def disjoint(saliency: npt.NDArray[np.floating], count: int) -> tuple[IntArray, IntArray]:
    """Return the nominees and delegates of at most `count` pairs, greedily, least saliency first.

    A unit is in one pair only. The order of equal scores is deterministic but unspecified.

    Only the few best delegates of each nominee are matched at first. The matching is that of all
    pairs up to the score at which some nominee has no listed delegate left; the units that remain
    are matched in the same way again. Expected O(n^2).

    Args:
        saliency: Score of each nominee (row) with each delegate, infinite where the two make no
            pair, shape (n, n); a pair has a finite score in one of its orders only.
        count: Number of pairs wanted.
    """
    units = np.arange(len(saliency))
    chosen: list[IntArray] = []
    while sum(map(len, chosen)) < count and len(units) > 1:
        pairs = _first_pairs(saliency[np.ix_(units, units)] if chosen else saliency)
        if not len(pairs):
            break
        chosen.append(units[pairs])
        units = np.delete(units, pairs.ravel())
    pairs = np.concatenate([np.empty((0, 2), np.int64), *chosen])[:count]
    return pairs[:, 0], pairs[:, 1]


def _first_pairs(saliency: npt.NDArray[np.floating]) -> IntArray:
    """Return the first pairs of the greedy choice, at least one if there is any, shape (k, 2)."""
    width = len(saliency)
    depth = min(_DEPTH, width)
    delegates = np.argpartition(saliency, depth - 1, axis=1)[:, :depth]
    scores = np.take_along_axis(saliency, delegates, axis=1)
    nominees = np.repeat(np.arange(width), depth)
    order = np.lexsort((delegates.ravel(), nominees, scores.ravel()))
    order = order[np.isfinite(scores.ravel()[order])]
    pairs = np.stack([nominees[order], delegates.ravel()[order]], axis=1)
    taken = _matching(pairs, width)
    score = scores.ravel()[order][taken]
    matched_at = np.full(width, np.inf)
    matched_at[pairs[taken].T] = score
    listed_to = scores.max(axis=1) if depth < width else np.full(width, np.inf)
    ran_out = listed_to[matched_at > listed_to].min(initial=np.inf)
    first: IntArray = pairs[taken][score <= ran_out]
    return first


def _matching(pairs: IntArray, width: int) -> IntArray:
    """Return the indices of the pairs in the greedy matching of an ordered list, ascending.

    Every pair that comes first for both its units is in it, so many are taken at once.
    """
    taken: list[IntArray] = [np.empty(0, np.int64)]
    rest = np.arange(len(pairs))
    while len(rest):
        first = np.full(width, len(pairs))
        np.minimum.at(first, pairs[rest], rest[:, None])
        here = rest[(first[pairs[rest]] == rest[:, None]).all(axis=1)]
        taken.append(here)
        used = np.zeros(width, bool)
        used[pairs[here]] = True
        rest = rest[~used[pairs[rest]].any(axis=1)]
    return np.sort(np.concatenate(taken))
