"""Layers that merge tensors: position by position, or end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from pytest_paoding.graph.rules.registry import rule
from pytest_paoding.graph.views import View, compact, concatenated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.graph.walk import Visit


@rule(
    keras.layers.Add,
    keras.layers.Average,
    keras.layers.Maximum,
    keras.layers.Minimum,
    keras.layers.Multiply,
    keras.layers.Subtract,
)
def merge(visit: Visit) -> View | Sequence[View]:
    """Joins the operands where they meet; what is broadcast joins nothing along that axis."""
    return meet(visit, visit.inputs)


def meet(visit: Visit, views: Sequence[View]) -> View | Sequence[View]:
    """Return the view of tensors combined position by position, with broadcasting.

    A single unit that is spread over an axis of the others (a spatial gate) is pinned: it could
    only leave with all of its axis.
    """
    if len({view.rank for view in views}) != 1:
        return visit.fixed("combines tensors of different ranks")
    met = [view for view in views if view.labels.size > 1 or view.shape == visit.shape]
    for view in views:
        if view.labels.size == 1 and view.shape != visit.shape:
            visit.pin(view, "spreads it over an axis")
    met = met or list(views[:1])
    for view in met[1:]:
        visit.join(met[0].labels, view.labels)
    lengths = np.broadcast_shapes(*(view.labels.shape for view in met))
    return compact(visit.shape, np.broadcast_to(met[0].labels, lengths))


@rule(keras.layers.Concatenate)
def concatenate(visit: Visit) -> View | Sequence[View]:
    """Lays the operands end to end."""
    axis = visit.layer.axis
    if axis == 0:
        return visit.fixed("concatenates along the batch")
    axis = axis - 1 if axis > 0 else axis
    views = visit.inputs
    if any(view.shape[axis] is None for view in views):
        return meet(visit, [View(visit.shape, view.labels) for view in views])
    return concatenated(views, axis)
