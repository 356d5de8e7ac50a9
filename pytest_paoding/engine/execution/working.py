"""Working copies of a model's weights, on which units are masked while a strategy searches.

The search never rebuilds the model: removing a unit zeroes the rows its consumers give to it, and
a delegate adds the rows of its nominee to its own. The cut happens once, at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.variables import values_of

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.groups import Group, Sites
    from pytest_paoding.engine.graph.types import FloatArray, IntArray, WeightKey


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


def key_of(sites: Sites) -> WeightKey:
    """Return the key of the weight that `sites` lie on."""
    return sites.axis.layer, sites.axis.index
