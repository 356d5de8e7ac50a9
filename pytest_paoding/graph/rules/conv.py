"""Convolutions, plain and depthwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.graph.rules.activations import activated
from pytest_paoding.graph.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.graph.views import View
    from pytest_paoding.graph.walk import Visit


def channel_axis(layer: Any) -> int:
    """Return the axis, the batch left out, that `layer.data_format` gives to the channels."""
    return 0 if layer.data_format == "channels_first" else -1


@rule(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
def conv(visit: Visit) -> View | Sequence[View]:
    """Kernel (*window, inputs, filters): contracts the channels of its input, issues filters."""
    layer = visit.layer
    if layer.groups != 1:
        return visit.fixed("is a grouped convolution")
    axis = channel_axis(layer)
    filters = activated(visit, visit.issue(layer.filters), layer.activation)
    visit.contracts(layer.kernel, visit.channels(visit.input, axis), -2)
    visit.carries(layer.kernel, filters)
    if layer.use_bias:
        visit.carries(layer.bias, filters)
    visit.sizes(filters, "filters")
    return visit.along(filters, axis)


@rule(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
def depthwise_conv(visit: Visit) -> View:
    """Kernel (*window, inputs, multiplier): every channel alone gives `multiplier` channels."""
    layer = visit.layer
    axis = channel_axis(layer)
    channels = visit.channels(visit.input, axis)
    outputs = np.repeat(channels, layer.depth_multiplier)
    visit.carries(layer.kernel, channels, -2)
    if layer.use_bias:
        visit.carries(layer.bias, outputs)
    return visit.along(activated(visit, outputs, layer.activation), axis)
