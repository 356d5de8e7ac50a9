"""Working copies of a model's weights, which a strategy rewrites while it searches.

The search never rebuilds the model: removing a unit zeroes the rows its consumers give to it, and
a delegate adds the rows of its nominee to its own. The cut happens once, at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.variables import values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.groups import Sites
    from pytest_paoding.engine.graph.types import FloatArray, WeightKey


class WorkingWeights:
    """Weights by layer and index, read from the model once, when first asked for.

    `version` counts the changes of a weight, so that what was computed from it can be kept until
    then.
    """

    def __init__(self, least: type[np.floating] = np.float32) -> None:
        """Prepare to read weights in at least the precision `least`."""
        self._least = least
        self._arrays: dict[WeightKey, FloatArray] = {}
        self._versions: dict[WeightKey, int] = {}

    def __getitem__(self, key: WeightKey) -> FloatArray:
        """Return the present values of a weight; not to be written to."""
        if key not in self._arrays:
            layer, index = key
            array = values_of(layer.weights[index])
            self._arrays[key] = array.astype(np.promote_types(array.dtype, self._least))
        return self._arrays[key]

    def version(self, key: WeightKey) -> int:
        """Return how often a weight has changed."""
        return self._versions.get(key, 0)

    def assign(self, key: WeightKey, values: FloatArray) -> None:
        """Give a weight new values of the same shape."""
        self._arrays[key] = values.astype(self[key].dtype, copy=False)
        self._versions[key] = self.version(key) + 1

    def rewrite(self, key: WeightKey, axis: int, change: Callable[[FloatArray], None]) -> None:
        """Let `change` rewrite a copy of a weight in place, its `axis` in front, and take that."""
        values = self[key].copy()
        change(np.moveaxis(values, axis, 0))
        self.assign(key, values)

    def changed(self) -> dict[WeightKey, FloatArray]:
        """Return the weights that have changed."""
        return {key: self._arrays[key] for key in self._versions}


def key_of(sites: Sites) -> WeightKey:
    """Return the key of the weight that `sites` lie on."""
    return sites.axis.layer, sites.axis.index
