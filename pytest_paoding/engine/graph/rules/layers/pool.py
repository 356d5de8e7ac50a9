"""Pooling, padding and upsampling: windows over the spatial axes of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.graph.axes import channel_axis
from pytest_paoding.engine.graph.rules.registry import known, rule

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit

_ADAPTIVE = tuple(f"Adaptive{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in "123")


@rule(
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
    keras.layers.CenterCrop,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
    keras.layers.Resizing,
    keras.layers.UpSampling2D,
    keras.layers.UpSampling3D,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
    *known("keras.layers", *_ADAPTIVE),
    *known("keras.src.ops.nn", "AveragePool", "MaxPool"),
    *known("keras.src.ops.image", "Resize"),
)
def spatial(visit: Visit) -> View:
    """Changes the spatial axes, keeps the channels."""
    axis = channel_axis(visit.layer)
    return visit.along(visit.channels(visit.input, axis), axis)


@rule(keras.layers.UpSampling1D)
def upsampling_1d(visit: Visit) -> View:
    """Repeats steps, keeps the channels, which are always last."""
    return visit.along(visit.channels(visit.input))


@rule(
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalAveragePooling3D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalMaxPooling3D,
)
def global_pooling(visit: Visit) -> View:
    """Reduces the spatial axes, keeps the channels."""
    axis = channel_axis(visit.layer)
    return visit.along(visit.channels(visit.input, axis), axis if visit.layer.keepdims else 0)
