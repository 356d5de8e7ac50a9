"""Convolutions: plain, grouped and transposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import bias_is_misplaced, channel_axis
from pytest_paoding.engine.graph.rules.layers.activations import activated
from pytest_paoding.engine.graph.rules.registry import rule

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
def conv(visit: Visit) -> View:
    """Kernel (*window, inputs / groups, filters): contracts input channels, issues filters."""
    layer = visit.layer
    channels = visit.channels(visit.input, channel_axis(layer))
    if layer.kernel.shape[-2] == 1 and layer.groups > 1:
        return _each_channel(visit, channels)
    filters = visit.issue(layer.filters)
    if layer.groups > 1:
        _tie_groups(visit, channels)
        _tie_groups(visit, filters)
    visit.contracts(layer.kernel, channels[: layer.kernel.shape[-2]], -2)
    return _filtered(visit, filters)


@rule(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
def conv_transpose(visit: Visit) -> View:
    """Kernel (*window, filters, inputs): contracts input channels, issues filters."""
    layer = visit.layer
    visit.contracts(layer.kernel, visit.channels(visit.input, channel_axis(layer)), -1)
    return _filtered(visit, visit.issue(layer.filters), -2)


def _filtered(visit: Visit, filters: IntArray, axis: int = -1) -> View:
    """Label the weights of `filters`, and return the view of the output."""
    layer = visit.layer
    visit.carries(layer.kernel, filters, axis)
    label_bias(visit, filters)
    visit.sizes(filters, "filters")
    return activated(visit, visit.along(filters, channel_axis(layer)), layer.activation)


def label_bias(visit: Visit, filters: IntArray) -> None:
    """Label the bias of filters, if there is one; they stay where Keras adds it elsewhere."""
    if visit.layer.use_bias:
        visit.carries(visit.layer.bias, filters)
    if bias_is_misplaced(visit.layer, visit.shape, len(filters)):
        visit.pin(filters, "has as many filters as its output is wide: Keras mixes up the two")


def _tie_groups(visit: Visit, channels: IntArray) -> None:
    """Join channels at the same place in each group, so that groups shrink alike."""
    places = channels.reshape(visit.layer.groups, -1)
    visit.join(places[1:], places[:1])


def _each_channel(visit: Visit, channels: IntArray) -> View:
    """Label a convolution of one channel a group, as a depthwise one: its filters go with it."""
    filters = np.repeat(channels, visit.layer.filters // visit.layer.groups)
    visit.sizes(channels, "groups")
    return _filtered(visit, filters)
