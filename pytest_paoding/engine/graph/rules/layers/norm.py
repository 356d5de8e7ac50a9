"""Layers that scale and shift each channel by its own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import inner_axes
from pytest_paoding.engine.graph.rules.layers.combine import meet
from pytest_paoding.engine.graph.rules.registry import known, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.BatchNormalization)
def batch_normalization(visit: Visit) -> View | Sequence[View]:
    """Scale, shift, moving mean and variance: one value for each position of an axis."""
    layer = visit.layer
    axes = inner_axes(layer.axis, visit.input.rank)
    if axes is None or len(axes) > 1:
        return visit.fixed("normalises along the batch, or along several axes")
    channels = visit.channels(visit.input, axes[0])
    for variable in (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance):
        if variable is not None:
            visit.carries(variable, channels)
    return visit.along(channels, axes[0])


@rule(keras.layers.Normalization)
def normalization(visit: Visit) -> View | Sequence[View]:
    """Statistics of the data, which do not follow a cut."""
    return visit.fixed("keeps the statistics of every feature it was adapted to")


@rule(keras.layers.Rescaling)
def rescaling(visit: Visit) -> View:
    """Scale and offset: one number for all positions, or one for each channel."""
    view = visit.input
    for name in ("scale", "offset"):
        values = np.asarray(getattr(visit.layer, name))
        if values.ndim == 1 and values.size > 1:
            channels = visit.channels(view)
            visit.sizes(channels, name, value=_compressing(values))
            visit.tells_apart(channels)
        elif values.size > 1:
            visit.pin(view, f"has a {name} of several axes")
    return view


@rule(keras.layers.PReLU)
def prelu(visit: Visit) -> View | Sequence[View]:
    """Slopes of the input's shape, of length one along shared axes."""
    alpha, view = getattr(visit.layer, "alpha", None), visit.input
    if alpha is None:  # an activation of a layer that was never called
        return visit.fixed("has no weights yet: call the model once")
    axes = tuple(axis for axis, length in enumerate(alpha.shape) if length > 1)
    if axes:
        visit.carries(alpha, visit.channels(view, axes), axes)
    return view


@rule(*known("keras.src.applications.convnext", "LayerScale"))
def layer_scale(visit: Visit) -> View:
    """A learned scale for each channel (ConvNeXt)."""
    channels = visit.channels(visit.input)
    visit.carries(visit.layer.gamma, channels)
    visit.sizes(channels, "projection_dim")
    return visit.along(channels)


@rule(*known("keras.src.applications.inception_resnet_v2", "CustomScaleLayer"))
def scaled_sum(visit: Visit) -> View | Sequence[View]:
    """The sum of one tensor and another, scaled (InceptionResNetV2)."""
    return meet(visit, visit.inputs)


def _compressing(values: Any) -> Any:
    def value(stay: BoolArray) -> list[float]:
        kept: list[float] = values[stay].tolist()
        return kept

    return value
