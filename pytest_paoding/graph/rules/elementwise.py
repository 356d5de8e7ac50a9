"""Layers that treat every position alone and have no weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from pytest_paoding.graph.rules.activations import activation_reason
from pytest_paoding.graph.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.graph.views import View
    from pytest_paoding.graph.walk import Visit


@rule(
    keras.layers.ActivityRegularization,
    keras.layers.AlphaDropout,
    keras.layers.Dropout,
    keras.layers.ELU,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
def elementwise(visit: Visit) -> View:
    """Leaves every position where it is."""
    return visit.input


@rule(keras.layers.Activation)
def activation(visit: Visit) -> View | Sequence[View]:
    """Leaves every position where it is, unless the function mixes them."""
    reason = activation_reason(visit.layer.activation)
    return visit.input if reason is None else visit.fixed(reason)


@rule(keras.layers.Softmax)
def softmax(visit: Visit) -> Sequence[View]:
    """Mixes all positions of an axis."""
    return visit.fixed("is a softmax over its inputs")
