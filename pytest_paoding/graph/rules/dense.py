"""Dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from pytest_paoding.graph.rules.activations import activated
from pytest_paoding.graph.rules.registry import rule

if TYPE_CHECKING:
    from pytest_paoding.graph.views import View
    from pytest_paoding.graph.walk import Visit


@rule(keras.layers.Dense)
def dense(visit: Visit) -> View:
    """Kernel (inputs, units): contracts the last axis of its input, issues units there."""
    layer = visit.layer
    units = activated(visit, visit.issue(layer.units), layer.activation)
    visit.contracts(layer.kernel, visit.channels(visit.input), 0)
    visit.carries(layer.kernel, units, 1)
    if layer.use_bias:
        visit.carries(layer.bias, units)
    visit.sizes(units, "units")
    return visit.along(units)
