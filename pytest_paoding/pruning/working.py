"""Working copies of a model's weights, on which units are masked while a strategy searches.

The search never rebuilds the model: removing a unit zeroes the rows its consumers give to it, and
a delegate adds the rows of its nominee to its own. The cut happens once, at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_paoding.surgery.weights import values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.graph.groups import Group, Sites
    from pytest_paoding.graph.labels import IntArray
    from pytest_paoding.graph.structure import BoolArray
    from pytest_paoding.surgery.cut import WeightKey

FloatArray: TypeAlias = npt.NDArray[np.floating]


class WorkingWeights:
    """Weights by layer and index, read from the model once, when first asked for.

    Arrays are those of the model in at least float32. `version` counts the changes of one, so that
    what was computed from it can be kept until it changes.
    """

    def __init__(self) -> None:
        self._arrays: dict[WeightKey, FloatArray] = {}
        self._versions: dict[WeightKey, int] = {}

    def __getitem__(self, key: WeightKey) -> FloatArray:
        """Return the present values of a weight; not to be written to."""
        if key not in self._arrays:
            layer, index = key
            array = values_of(layer.weights[index])
            self._arrays[key] = array.astype(np.promote_types(array.dtype, np.float32))
        return self._arrays[key]

    def version(self, key: WeightKey) -> int:
        """Return how often a weight has changed."""
        return self._versions.get(key, 0)

    def hand_over(self, group: Group, removed: IntArray, delegates: IntArray) -> None:
        """Mask units, and add what consumers gave to them to what they give to their delegates.

        Args:
            group: The group of the units.
            removed: Rows of `group.units` that go, shape (k,).
            delegates: For each the row that takes over, or -1 for none, shape (k,).
        """
        taken = delegates >= 0
        for sites in group.contracted:
            rows = self._rows(sites)
            nominees = sites.positions[removed[taken]]
            np.add.at(rows, sites.positions[delegates[taken]], rows[nominees])
            rows[sites.positions[removed]] = 0

    def assign(self, key: WeightKey, values: FloatArray) -> None:
        """Give a weight new values of the same shape."""
        self._arrays[key] = values.astype(self[key].dtype, copy=False)
        self._versions[key] = self.version(key) + 1

    def changed(self) -> dict[WeightKey, FloatArray]:
        """Return the weights that have changed."""
        return {key: self._arrays[key] for key in self._versions}

    def _rows(self, sites: Sites) -> FloatArray:
        """Return a writable view of a weight with the axis of `sites` first."""
        key = key_of(sites)
        array = self[key]
        self._versions[key] = self.version(key) + 1
        return np.moveaxis(array, sites.axis.axis, 0)


class Search:
    """What a strategy sees of one group: which units are left, and their weights.

    Attributes:
        group: The group.
        weights: The working copies, shared by all groups of a model.
        heirs: For each unit the one that has taken over for it: itself while it is left, -1 where
            it went without a delegate; shape (units,).
    """

    def __init__(self, group: Group, weights: WorkingWeights) -> None:
        self.group = group
        self.weights = weights
        self.heirs: IntArray = np.arange(group.width, dtype=np.int64)

    @property
    def mask(self) -> BoolArray:
        """Which rows of `group.units` are left."""
        return np.equal(self.heirs, np.arange(len(self.heirs)))

    @property
    def left(self) -> IntArray:
        """Rows of `group.units` that are left, ascending."""
        return np.flatnonzero(self.mask)

    @property
    def free(self) -> IntArray:
        """Rows that may still go, ascending: those not the last left of a quorum."""
        return self.left[may_go(self.group, self.mask, self.left)]

    @property
    def gone(self) -> int:
        """Number of units removed."""
        return len(self.heirs) - len(self.left)

    def remove(self, removed: IntArray, delegates: IntArray | None = None) -> None:
        """Take units out, with a delegate for each (-1 for none) or without any."""
        heirs = np.full(len(removed), -1) if delegates is None else delegates
        self.weights.hand_over(self.group, removed, heirs)
        self.heirs[removed] = heirs

    def delegates(self) -> IntArray:
        """Return for each unit who takes over in the end, -1 for none, shape (units,).

        A delegate may have been removed itself in a later round: pointers are followed to the end.
        """
        heirs = np.append(self.heirs, -1)  # so that -1 points at itself
        while not np.array_equal(heirs, heirs[heirs]):
            heirs = heirs[heirs]
        return heirs[:-1]

    def scale(self) -> npt.NDArray[np.float64]:
        """Return the scale of every unit: the sum of |w| over its filters, shape (units,).

        All kernels that produce the group count; biases and what else carries its units do not.
        """
        producers = {producer.layer for producer in self.group.producers}
        total = np.zeros(self.group.width)
        for sites in self.group.carried:
            kernel = self.weights[key_of(sites)]
            if sites.axis.layer in producers and kernel.ndim > 1:
                total += _magnitude(kernel, sites)
        return total

    def outgoing(self) -> Iterable[FloatArray]:
        """Yield for each consumer the weights it gives to each unit, shape (units, weights)."""
        for sites in self.group.contracted:
            rows = np.moveaxis(self.weights[key_of(sites)], sites.axis.axis, 0)
            yield rows[sites.positions].reshape(self.group.width, -1)


def may_go(group: Group, left: BoolArray, rows: IntArray) -> BoolArray:
    """Return which of `rows` may go one after the other, so that every quorum keeps one.

    Args:
        group: The group.
        left: Which rows are left before, shape (units,).
        rows: Rows in the order in which they are to go.
    """
    allowed = np.ones(len(rows), bool)
    for quorum in group.quorums:
        inside = np.flatnonzero(np.isin(rows, quorum) & allowed)
        if len(inside) >= np.count_nonzero(left[quorum]):
            allowed[inside[-1:]] = False
    return allowed


def key_of(sites: Sites) -> WeightKey:
    """Return the key of the weight that `sites` lie on."""
    return sites.axis.layer, sites.axis.index


def _magnitude(kernel: FloatArray, sites: Sites) -> npt.NDArray[np.float64]:
    others = tuple(axis for axis in range(kernel.ndim) if axis != sites.axis.axis)
    along: npt.NDArray[np.float64] = np.abs(kernel).sum(axis=others, dtype=np.float64)
    total: npt.NDArray[np.float64] = along[sites.positions].sum(axis=1)
    return total
