"""Dense layers and embeddings: layers that issue units along their last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.graph.rules.layers.activations import activated
from pytest_paoding.engine.graph.rules.registry import rule

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.Dense)
def dense(visit: Visit) -> View:
    """Kernel (inputs, units): contracts the last axis of the input, issues units."""
    layer = visit.layer
    units = visit.issue(layer.units)
    visit.contracts(layer.kernel, visit.channels(visit.input), 0)
    visit.carries(layer.kernel, units, 1)
    if layer.use_bias:
        visit.carries(layer.bias, units)
    visit.sizes(units, "units")
    return activated(visit, visit.along(units), layer.activation)


@rule(keras.layers.Embedding)
def embedding(visit: Visit) -> View:
    """Embeddings (vocabulary, width): issues the width; the vocabulary stays."""
    visit.pin(visit.input, "looks up what it reads")
    units = visit.issue(visit.layer.output_dim)
    visit.carries(visit.layer.embeddings, units, 1)
    visit.sizes(units, "output_dim")
    return visit.along(units)
