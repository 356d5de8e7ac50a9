"""Normalisations over units: pinned by default, and computed again on request.

No zeroed original computes what a model does whose statistics are over fewer units, so the
reference is NumPy on what stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import PruningError
from support.oracles import batch, outputs, randomise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.structure import Structure


def normalised(layer: Any) -> Any:
    x = keras.Input((3,))
    y = layer(layers.Dense(8, name="made")(x))
    return randomise(keras.Model(x, layers.Dense(2, name="read")(y)))


def cut_of(model: Any, kept: list[int]) -> tuple[Structure, Any]:
    structure = walk(model, rule_for, mixing="recompute")
    stay = np.ones(structure.classes.count, bool)
    made = structure.producers[0].classes
    stay[np.setdiff1d(made, made[kept])] = False
    return structure, cut(structure, Transform(stay)).model


def expected(model: Any, kept: list[int], normalise: Any) -> Any:
    """Return the outputs of the model on the units that stay."""
    (x,) = batch(model)
    kernel, bias = model.get_layer("made").get_weights()
    after, offset = model.get_layer("read").get_weights()
    return normalise((x @ kernel + bias)[:, kept]) @ after[kept] + offset


def standardised(values: Any, epsilon: float) -> Any:
    centred = values - values.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)


def test_layer_normalization_over_what_stays() -> None:
    layer = layers.LayerNormalization(epsilon=0.01)
    model, kept = normalised(layer), [0, 3, 4, 6]
    gamma, beta = layer.get_weights()
    structure, pruned = cut_of(model, kept)
    reference = expected(model, kept, lambda z: standardised(z, 0.01) * gamma[kept] + beta[kept])
    assert np.allclose(outputs(pruned, batch(model))[0], reference, rtol=0, atol=1e-12)
    assert structure.recomputed == (layer.name,)


@pytest.mark.skipif(not hasattr(layers, "RMSNormalization"), reason="not in this Keras")
def test_rms_normalization_over_what_stays() -> None:
    layer = layers.RMSNormalization(epsilon=0.01)
    model, kept = normalised(layer), [1, 2, 7]
    (scale,) = layer.get_weights()
    _, pruned = cut_of(model, kept)
    reference = expected(
        model, kept, lambda z: z / np.sqrt((z**2).mean(-1, keepdims=True) + 0.01) * scale[kept]
    )
    assert np.allclose(outputs(pruned, batch(model))[0], reference, rtol=0, atol=1e-12)


def test_unit_normalization_over_what_stays() -> None:
    model, kept = normalised(layers.UnitNormalization()), [0, 5]
    _, pruned = cut_of(model, kept)
    reference = expected(model, kept, lambda z: z / np.linalg.norm(z, axis=-1, keepdims=True))
    assert np.allclose(outputs(pruned, batch(model))[0], reference, rtol=0, atol=1e-7)


def test_groups_of_a_group_normalization_shrink_alike() -> None:
    layer = layers.GroupNormalization(2, epsilon=0.01)
    model, kept = normalised(layer), [0, 2, 4, 6]
    gamma, beta = layer.get_weights()
    structure, pruned = cut_of(model, kept)
    (group,) = find_groups(structure)
    assert group.width == 4
    assert [layer.groups for layer in pruned.layers if hasattr(layer, "groups")] == [2]
    reference = expected(
        model,
        kept,
        lambda z: standardised(z.reshape(-1, 2, 2), 0.01).reshape(-1, 4) * gamma[kept] + beta[kept],
    )
    assert np.allclose(outputs(pruned, batch(model))[0], reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    (
        layers.LayerNormalization(),
        layers.UnitNormalization(),
        layers.GroupNormalization(1),
        layers.Softmax(),
    ),
    ids=lambda layer: type(layer).__name__,
)
def test_what_is_mixed_stays_by_default_and_says_why(layer: Any) -> None:
    structure = walk(normalised(layer), rule_for)
    assert not find_groups(structure)
    reason = structure.classes.reasons[structure.producers[0].classes[0]]
    assert reason is not None
    assert reason.startswith(f"{type(layer).__name__} '{layer.name}' ")
    assert "these positions" in reason
    assert structure.recomputed == ()


def test_a_softmax_is_not_opened() -> None:
    structure = walk(normalised(layers.Softmax()), rule_for, mixing="recompute")
    assert not find_groups(structure)


def test_another_word_for_mixing_is_refused() -> None:
    with pytest.raises(PruningError, match="'exact' or 'recompute', not 'yes'"):
        walk(normalised(layers.Softmax()), rule_for, mixing="yes")
