"""Activations as arguments of layers: elementwise ones, and all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.keras_functions import ELEMENTWISE, OVER_LAST_AXIS

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit

_ALONE, _OVER_LAST_AXIS = (
    frozenset(
        getattr(keras.activations, name)
        for name in names
        if hasattr(keras.activations, name)  # the lists have grown since Keras 3.5
    )
    for names in (ELEMENTWISE, OVER_LAST_AXIS)
)


def activated(visit: Visit, view: View, activation: Any) -> View:
    """Return the view of a layer's output after its `activation`.

    Args:
        visit: The visit of the layer.
        view: The input of the activation.
        activation: A function, a layer, or None.
    """
    if isinstance(activation, keras.layers.Layer):
        path, shapes = ("activation", "config"), (view.shape,)
        return visit.hand_on(activation, *path, inputs=(view,), shapes=shapes)[0]
    if activation in _OVER_LAST_AXIS:
        visit.whole(view, (view.rank - 1,), f"has the activation {activation.__name__} over them")
    elif activation is not None and activation not in _ALONE:
        name = getattr(activation, "__name__", activation)
        visit.pin(view, f"has the activation {name}, which may mix units")
    return view


def pointwise(activation: Any) -> bool:
    """Whether an activation is an elementwise function."""
    return activation is None or activation in _ALONE
