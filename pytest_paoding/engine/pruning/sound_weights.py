"""Weights that no pruning can judge: those that are not numbers, or infinite where units meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.structure import Structure


def require_sound_weights(structure: Structure) -> None:
    """Refuse a model with broken weights.

    A bias of minus infinity is sound: it rules a class out. It is not sound for a unit that may
    leave.

    Raises:
        PruningError: A weight is not a number, or infinite in a unit that may leave; the layer is
            named.
    """
    for axis in structure.axes:
        values = values_of(axis.layer.weights[axis.index])
        broken = np.isnan(values)
        if structure.classes.free[axis.classes].any():
            broken |= np.isinf(values)
        if broken.any():
            raise PruningError(
                f"layer {axis.layer.name!r} has {np.count_nonzero(broken)} weights that are not "
                f"finite: train or load the model again"
            )
