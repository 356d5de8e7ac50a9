"""Normalisation by stored statistics, and other layers that scale every channel alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from pytest_paoding.graph.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.graph.views import View
    from pytest_paoding.graph.walk import Visit


@rule(keras.layers.BatchNormalization)
def batch_normalization(visit: Visit) -> View | Sequence[View]:
    """Scale, shift, moving mean and variance: one value for each position of one axis."""
    layer = visit.layer
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    if axis == 0:
        return visit.fixed("normalises along the batch")
    axis = axis - 1 if axis > 0 else axis
    channels = visit.channels(visit.input, axis)
    for variable in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance):
        if variable is not None:
            visit.carries(variable, channels)
    return visit.along(channels, axis)


@rule(keras.layers.Normalization)
def normalization(visit: Visit) -> View | Sequence[View]:
    """Statistics of the data: mixes nothing, but its statistics do not follow a cut."""
    return visit.fixed("keeps the statistics of every feature it was adapted to")


@rule(keras.layers.Rescaling)
def rescaling(visit: Visit) -> View | Sequence[View]:
    """Scale and offset: numbers for all positions alike, or arrays that do not follow a cut."""
    layer = visit.layer
    if np.size(layer.scale) == np.size(layer.offset) == 1:
        return visit.input
    return visit.fixed("has a scale or offset for every channel")


@rule(keras.layers.PReLU)
def prelu(visit: Visit) -> View:
    """Slopes of the input's shape, of length one along shared axes: each position alone."""
    alpha, view = visit.layer.alpha, visit.input
    for axis in view.varying:
        if alpha.shape[axis] > 1:
            visit.carries(alpha, visit.channels(view, axis), axis)
    return view
