"""Pairs of units in a dense layer: who could go, and who would take over.

A *nominee* is removed and a *delegate* of the same layer takes over its outgoing weights. A pair is
good if the two compute nearly the same, or if little is made of what the nominee computes: its
saliency is small (after Srinivas & Babu, arXiv 1507.06149; arXiv 2204.00783, equation 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pytest_paoding.graph.groups import Group, Sites
    from pytest_paoding.graph.labels import IntArray
    from pytest_paoding.graph.trace import Call, Graph
    from pytest_paoding.pruning.working import FloatArray, Search

_BLOCK = 2048  # rows turned to float64 at a time: 64 MB for a layer of 4096 units


@dataclass(frozen=True, slots=True)
class Pairs:
    """Disjoint pairs of units, in the order of their saliency.

    Attributes:
        nominees: Rows of the units that would go, shape (pairs,).
        delegates: Rows of the units that would take over, shape (pairs,).
    """

    nominees: IntArray
    delegates: IntArray

    def __len__(self) -> int:
        return len(self.nominees)

    def __getitem__(self, index: Any) -> Pairs:
        return Pairs(self.nominees[index], self.delegates[index])


@dataclass(frozen=True, slots=True)
class DenseGroup:
    """A group in which units can take over for each other.

    One dense layer produces it, dense layers consume it, and what stands between treats all units
    alike, except for a BatchNormalization right behind a linear layer, which is folded into it.

    Attributes:
        layer: The dense layer that produces the units.
        norm: The BatchNormalization that is folded into it, if any.
        consumers: Where its units are contracted, with every call that does so.
    """

    layer: Any
    norm: Any | None
    consumers: tuple[tuple[Sites, Call], ...]


def dense_group(group: Group, graph: Graph) -> DenseGroup | None:
    """Return what pairs of a group's units are judged by; None where there can be none."""
    layer = group.producers[0].layer
    carriers = {sites.axis.layer for sites in group.carried} - {layer}
    users = {sites.axis.layer for sites in group.contracted}
    norm = _folded_norm(layer, graph)
    if (
        len(group.producers) > 1
        or not group.mergeable
        or not users
        or any(type(each) is not keras.layers.Dense for each in {layer, *users})
        or not carriers <= {norm}
    ):
        return None
    consumers = tuple(
        (sites, call)
        for sites in group.contracted
        for call in graph.calls
        if call.operation is sites.axis.layer
    )
    return DenseGroup(layer, norm if carriers else None, consumers)


class Saliency:
    """The saliency of the pairs in one group, kept up to date while its weights change.

    The Gram matrix of the incoming weights is computed once, O(inputs * units^2), and then
    corrected by the rows that have changed since, for units before it have been removed or merged.
    Memory: a copy of the kernel and three matrices (units, units).
    """

    def __init__(self, search: Search, group: DenseGroup) -> None:
        self._search = search
        self._layer = group.layer
        self._norm = group.norm
        self._kernel: FloatArray | None = None
        self._gram: npt.NDArray[np.float64] = np.zeros((search.group.width, search.group.width))
        # The rows of a group are in the order of its only producer, unless some of them are pinned.
        order = {
            number: row for row, number in enumerate(search.group.producers[0].classes.tolist())
        }
        self._columns = np.array([order[number] for number in search.group.units.tolist()])

    def least(self, count: int) -> Pairs:
        """Return at most `count` disjoint pairs of the units left, of least saliency.

        Pairs are taken greedily in the order of their saliency; of the two units of a pair the one
        whose outgoing weights are smaller is the nominee.
        """
        left = self._search.left
        norms = self._outgoing_norms()[left]
        saliency = np.minimum.outer(norms, norms) * self._distances(left)
        saliency[np.tri(len(left), dtype=bool)] = np.inf
        first, second = disjoint(saliency, count)
        swap = norms[second] < norms[first]
        nominees, delegates = np.where(swap, second, first), np.where(swap, first, second)
        return Pairs(left[nominees], left[delegates])

    def _outgoing_norms(self) -> npt.NDArray[np.float64]:
        square = np.zeros(self._search.group.width)
        for rows in self._search.outgoing():
            square += np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
        return np.sqrt(square)

    def _distances(self, left: IntArray) -> npt.NDArray[np.float64]:
        """Return ||w_i - w_j|| + |b_i - b_j| of the units left, shape (left, left)."""
        self._update()
        scale, bias = self._affine()
        gram = self._gram[np.ix_(left, left)] * np.outer(scale[left], scale[left])
        square = np.diagonal(gram)
        distance: npt.NDArray[np.float64] = square[:, None] + square - 2 * gram
        np.sqrt(np.maximum(distance, 0, out=distance), out=distance)
        distance += np.abs(bias[left, None] - bias[left])
        return distance

    def _affine(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return factor and bias of the units' pre-activations, the norm folded in."""
        layer, norm = self._layer, self._norm
        width = layer.units
        bias = _numbers(layer.bias, np.zeros(width)) if layer.use_bias else np.zeros(width)
        scale = np.ones(width)
        if norm is not None:
            deviation = np.sqrt(_numbers(norm.moving_variance, scale) + norm.epsilon)
            scale = _numbers(norm.gamma, scale) / deviation
            bias = (bias - _numbers(norm.moving_mean, bias)) * scale
            bias += _numbers(norm.beta, np.zeros(width))
        return scale[self._columns], bias[self._columns]

    def _update(self) -> None:
        """Bring the Gram matrix up to date with the rows of the kernel that have changed."""
        present = self._search.weights[self._layer, 0]
        if self._kernel is None:
            self._add_gram(present, 1)
            self._kernel = present.copy()
            return
        changed = np.flatnonzero((present != self._kernel).any(axis=1))
        self._add_gram(self._kernel[changed], -1)
        self._add_gram(present[changed], 1)
        self._kernel[changed] = present[changed]

    def _add_gram(self, rows: FloatArray, sign: int) -> None:
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK, self._columns].astype(np.float64)
            self._gram += sign * (block.T @ block)


def disjoint(saliency: npt.NDArray[np.floating], count: int) -> tuple[IntArray, IntArray]:
    """Return the rows and columns of at most `count` pairs without a unit in common, greedily.

    Args:
        saliency: Score of each pair above the diagonal, infinite elsewhere, shape (n, n).
        count: How many pairs are wanted.

    A short list of the least scores is usually enough; it grows until it is. On a list in order,
    every pair that comes first for both of its units belongs to the greedy choice, so whole layers
    of the list are taken at once. Expected O(n^2).
    """
    width = len(saliency)
    flat = saliency.ravel()
    total = width * (width - 1) // 2
    size = min(total, 8 * count + 64)
    while True:
        best = np.argpartition(flat, size - 1)[:size] if size < len(flat) else np.arange(len(flat))
        best = best[np.lexsort((best, flat[best]))][:size]
        rows, columns = _matching(best // width, best % width, width)
        if len(rows) >= count or size == total:
            return rows[:count], columns[:count]
        size = min(total, 8 * size)


def _matching(rows: IntArray, columns: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Return the greedy matching of a list of pairs in order, in order."""
    chosen = np.zeros(len(rows), bool)
    open_ = np.arange(len(rows))
    while len(open_):
        first = np.full(width, len(rows))
        np.minimum.at(first, rows[open_], open_)
        np.minimum.at(first, columns[open_], open_)
        taken = open_[(first[rows[open_]] == open_) & (first[columns[open_]] == open_)]
        chosen[taken] = True
        used = np.zeros(width, bool)
        used[rows[taken]] = used[columns[taken]] = True
        open_ = open_[~(used[rows[open_]] | used[columns[open_]])]
    return rows[chosen], columns[chosen]


def _folded_norm(layer: Any, graph: Graph) -> Any | None:
    """Return the BatchNormalization that reads a linear layer's only output, if any."""
    outputs = [tensor for call in graph.calls if call.operation is layer for tensor in call.outputs]
    readers = [call.operation for call in graph.calls if set(call.inputs) & set(outputs)]
    linear = getattr(layer, "activation", None) is keras.activations.linear
    is_norm = len(readers) == 1 and type(readers[0]) is keras.layers.BatchNormalization
    return readers[0] if linear and is_norm else None


def _numbers(variable: Any, default: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if variable is None:
        return default
    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float64)
