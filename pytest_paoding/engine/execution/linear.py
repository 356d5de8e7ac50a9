"""Layers that are linear maps, applied to the ends of intervals.

In centre and radius form a linear map takes c to W c (+ b) and r to |W| r. Kernels are the working
copies, so that what has been removed or merged during a search counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.intervals import Interval, known_activation, layer_activation
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.axes import channels_first

if TYPE_CHECKING:
    from pytest_paoding.engine.execution.intervals import Activation
    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.types import FloatArray

CONVS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_FOLDED = 3  # axes of a tensor that is folded
LINEAR = (keras.layers.Dense, *CONVS, *_DEPTHWISE)


def is_linear(layer: Any) -> bool:
    """Whether a layer is a linear map with a kernel, followed by a bias and an activation."""
    return type(layer) in LINEAR


def activation_of(layer: Any) -> Activation | None:
    """Return the activation that a layer ends in, or is; None if its slope is not known."""
    return known_activation(layer.activation) if is_linear(layer) else layer_activation(layer)


def linear(layer: Any, weights: WorkingWeights, interval: Interval) -> Interval:
    """Return the bounds of a layer's kernel on an interval, without bias and activation."""
    kernel = weights[layer, 0]
    centre = product(layer, interval.centre.astype(kernel.dtype), kernel)
    radius = product(layer, interval.radius.astype(kernel.dtype), np.abs(kernel))
    return Interval.around(values_of(centre), values_of(radius))


def product(layer: Any, inputs: Any, kernel: Any) -> Any:
    """Apply the linear map of a layer, with a kernel given, without bias and activation."""
    if type(layer) is keras.layers.Dense:
        return _matrix_product(inputs, kernel)
    apply = keras.ops.depthwise_conv if type(layer) in _DEPTHWISE else keras.ops.conv
    padding = layer.padding
    if padding == "causal":  # which only layers know
        before = (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        steps, channels = ((before, 0), (0, 0))
        first = channels_first(layer)
        pads = ((0, 0), channels, steps) if first else ((0, 0), steps, channels)
        inputs, padding = keras.ops.pad(inputs, pads), "valid"
    return apply(
        inputs,
        kernel,
        strides=tuple(layer.strides),
        padding=padding,
        data_format=layer.data_format,
        dilation_rate=tuple(layer.dilation_rate),
    )


def _matrix_product(inputs: Any, kernel: Any) -> Any:
    """Multiply the last axis by a matrix.

    Tensors of more than three axes are folded into three: where an axis is of length one,
    TensorFlow's product of such a tensor and a matrix writes beyond its memory.
    """
    if isinstance(inputs, np.ndarray) or len(inputs.shape) <= _FOLDED:
        return inputs @ kernel
    shape = keras.ops.shape(inputs)
    product = keras.ops.reshape(inputs, (-1, *shape[-2:])) @ kernel
    return keras.ops.reshape(product, (*shape[:-1], kernel.shape[-1]))


def bias(layer: Any, weights: WorkingWeights) -> FloatArray | None:
    """Return a linear layer's bias in a shape that broadcasts to its output; None without one."""
    if not layer.use_bias:
        return None
    found: FloatArray = along_units(layer, weights[layer, 1])
    return found


def along_units(layer: Any, values: Any) -> Any:
    """Return a value for each unit in a shape that broadcasts to the layer's output."""
    if channels_first(layer):
        return values[(slice(None), *(None,) * layer.rank)]
    return values
