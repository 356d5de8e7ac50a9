"""Layers that compute statistics over units, which stay unless asked otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import inner_axes, inner_axis
from pytest_paoding.engine.graph.rules.registry import known, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.LayerNormalization, *known("keras.layers", "RMSNormalization"))
def layer_normalization(visit: Visit) -> View | Sequence[View]:
    """Mean and variance, or mean square, over some axes; scale and shift have their shape."""
    layer, view = visit.layer, visit.input
    axes = inner_axes(layer.axis, view.rank)
    if axes is None:
        return visit.fixed("normalises along the batch")
    visit.mixes(view, axes, "computes its statistics over these positions")
    if set(view.varying) <= set(axes):
        for name in ("gamma", "beta") if hasattr(layer, "gamma") else ("scale",):
            variable = getattr(layer, name)
            if variable is not None:
                visit.carries(variable, visit.channels(view, axes), tuple(range(len(axes))))
    return view


@rule(keras.layers.GroupNormalization)
def group_normalization(visit: Visit) -> View | Sequence[View]:
    """Mean and variance over each group of channels: whole groups go, and the rest is exact.

    Where statistics may change, all groups lose the same channels instead.
    """
    layer = visit.layer
    axis = inner_axis(layer.axis, visit.input.rank)
    if axis is None:
        return visit.fixed("normalises along the batch")
    channels = visit.channels(visit.input, axis)
    for variable in (layer.gamma, layer.beta):
        if variable is not None:
            visit.carries(variable, channels)
    view = visit.along(channels, axis)
    if layer.groups == 1:
        visit.mixes(view, (axis,), "computes its statistics over these positions")
    else:
        _tie(visit, channels.reshape(layer.groups, -1))
    return view


@rule(keras.layers.UnitNormalization)
def unit_normalization(visit: Visit) -> View | Sequence[View]:
    """Divides by the norm of the vector along some axes."""
    axes = inner_axes(visit.layer.axis, visit.input.rank)
    if axes is None:
        return visit.fixed("normalises along the batch")
    visit.mixes(visit.input, axes, "divides by the length of the vector of these positions")
    return visit.input


@rule(
    keras.layers.Softmax,
    *known("keras.src.ops.nn", "Softmax", "LogSoftmax", "Sparsemax"),
)
def softmax(visit: Visit) -> View | Sequence[View]:
    """Makes positions along some axes add up to one."""
    axes = inner_axes(visit.layer.axis, visit.input.rank)
    if axes is None or len(visit.inputs) > 1:
        return visit.fixed("is a softmax along the batch or under a mask")
    visit.whole(visit.input, axes, "is a softmax over these positions")
    return visit.input


def _tie(visit: Visit, groups: IntArray) -> None:
    """Join the channels of each group or, where statistics may change, those at each place."""
    channels = groups.reshape(-1)
    if visit.walk.mixing == "exact" or groups.shape[1] == 1:
        visit.join(groups, groups[:, :1])
        visit.sizes(channels, "groups", value=_groups_left(len(groups)))
    else:
        visit.join(groups, groups[:1])
        visit.walk.ledger.recomputed[visit.name] = None


def _groups_left(count: int) -> Any:
    def value(stay: BoolArray) -> int:
        return int(np.count_nonzero(stay.reshape(count, -1).any(axis=1)))

    return value
