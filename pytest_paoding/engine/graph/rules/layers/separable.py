"""Depthwise and separable convolutions: each channel is filtered alone, then perhaps mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import channel_axis
from pytest_paoding.engine.graph.rules.layers.activations import activated
from pytest_paoding.engine.graph.rules.layers.conv import label_bias
from pytest_paoding.engine.graph.rules.registry import rule

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
def depthwise_conv(visit: Visit) -> View:
    """Kernel (*window, inputs, multiplier): each channel gives `multiplier` channels."""
    layer = visit.layer
    axis = channel_axis(layer)
    channels = visit.channels(visit.input, axis)
    outputs = np.repeat(channels, layer.depth_multiplier)
    visit.carries(layer.kernel, channels, -2)
    label_bias(visit, outputs)
    return activated(visit, visit.along(outputs, axis), layer.activation)


@rule(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
def separable_conv(visit: Visit) -> View:
    """Kernels (*window, inputs, multiplier) and (*ones, inputs * multiplier, filters)."""
    layer = visit.layer
    axis = channel_axis(layer)
    channels = visit.channels(visit.input, axis)
    filters = visit.issue(layer.filters)
    visit.carries(layer.depthwise_kernel, channels, -2)
    visit.contracts(layer.pointwise_kernel, np.repeat(channels, layer.depth_multiplier), -2)
    visit.carries(layer.pointwise_kernel, filters)
    label_bias(visit, filters)
    visit.sizes(filters, "filters")
    return activated(visit, visit.along(filters, axis), layer.activation)
