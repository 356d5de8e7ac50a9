"""Which activations treat every unit alone, and which mix the units of an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from pytest_paoding.graph.labels import IntArray
    from pytest_paoding.graph.walk import Visit

_LAYERS = (
    keras.layers.Activation,
    keras.layers.ELU,
    keras.layers.LeakyReLU,
    keras.layers.ReLU,
)
_ALONE = frozenset(
    getattr(keras.activations, name)
    for name in (
        "celu",
        "elu",
        "exponential",
        "gelu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_tanh",
        "leaky_relu",
        "linear",
        "log_sigmoid",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_shrink",
        "softplus",
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "squareplus",
        "tanh",
        "tanh_shrink",
        "threshold",
    )
    if hasattr(keras.activations, name)  # the list has grown since Keras 3.5
)


def activation_reason(activation: Any) -> str | None:
    """Return why an activation may mix units; None where it treats every unit alone."""
    if isinstance(activation, keras.layers.Layer):
        if type(activation) is keras.layers.Activation:
            return activation_reason(activation.activation)
        return None if type(activation) in _LAYERS else _reason(activation.name)
    return None if activation in _ALONE else _reason(getattr(activation, "__name__", activation))


def activated(visit: Visit, units: IntArray, activation: Any) -> IntArray:
    """Return `units`, pinned where the layer's `activation` may mix them."""
    reason = activation_reason(activation)
    if reason is not None:
        visit.pin(units, reason)
    return units


def _reason(name: object) -> str:
    return f"has the activation {name}, which may mix units"
