"""Wrong surgery, on purpose: the oracles have to catch all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.oracles import (
    batch,
    changed_weights,
    distance,
    editable_rows,
    outputs,
    randomise,
    removal,
    zero_oracle,
    zero_removed,
)
from support.patterns import PATTERNS, conv, head

if TYPE_CHECKING:
    import numpy as np

    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit


def channels_first_flatten(visit: Visit) -> View:
    """Map flattened positions as if channels came first; the shapes are still right."""
    view = visit.input.permuted((2, 0, 1))
    return view.reshaped(visit.shape)


def unpinned(visit: Visit) -> View:
    """Let channels through a layer that computes its statistics over them."""
    channels = visit.channels(visit.input)
    visit.carries(visit.layer.gamma, channels)
    visit.carries(visit.layer.beta, channels)
    return visit.input


def rules_with(**wrong: Any) -> Any:
    by_class = {getattr(layers, name): rule for name, rule in wrong.items()}
    return lambda operation: by_class.get(type(operation)) or rule_for(operation)


def test_a_wrongly_mapped_flatten_has_right_shapes_and_wrong_values() -> None:
    model = randomise(PATTERNS["sequential_conv_flatten"].build())
    verdict = zero_oracle(model, rules=rules_with(Flatten=channels_first_flatten))
    assert verdict.removed
    assert verdict.error > 1e-3


def test_zeroed_producers_are_not_removed_units_behind_batchnorm() -> None:
    model = randomise(PATTERNS["residual"].build())
    structure = walk(model, rule_for)
    stay = removal(structure)
    inputs = batch(model)
    found = outputs(cut(structure, Transform(stay)).model, inputs)
    with changed_weights(model):
        _zero_kernels(structure, stay)
        assert distance(outputs(model, inputs), found) > 1e-3
    with changed_weights(model):
        zero_removed(structure, stay)
        assert distance(outputs(model, inputs), found) < 1e-12


def test_pruning_through_a_layer_norm_changes_its_statistics() -> None:
    x = keras.Input((5, 5, 3))
    y = layers.LayerNormalization()(conv(8)(x))
    model = randomise(keras.Model(x, head(layers.GlobalAveragePooling2D()(conv(6)(y)))))
    verdict = zero_oracle(model, rules=rules_with(LayerNormalization=unpinned))
    assert verdict.removed
    assert verdict.error > 1e-3
    assert zero_oracle(model).exact


def test_a_model_compared_with_itself_is_not_taken_for_a_proof() -> None:
    model = randomise(keras.Sequential([keras.Input((3,)), layers.Dense(2)]))
    verdict = zero_oracle(model)
    assert verdict.error == 0
    assert not verdict.exact


def _zero_kernels(structure: Any, stay: np.ndarray) -> None:
    """Mask what convolutions produce, as mask-only pruners do."""
    for axis in structure.axes:
        if not axis.contracted and type(axis.layer) is layers.Conv2D:
            with editable_rows(axis) as rows:
                rows[~stay[axis.classes]] = 0
