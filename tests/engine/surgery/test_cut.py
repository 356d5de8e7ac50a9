"""The cut: units removed, cuts refused, and the original left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.self_checks import verify
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import SurgeryError
from support.oracles import batch, outputs, randomise, removal
from support.patterns import PATTERNS

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.structure import Structure


def kept_all(structure: Structure) -> Any:
    return np.ones(structure.classes.count, bool)


def test_a_dense_net_computes_what_numpy_does_on_the_units_that_stay() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(6, "relu"), layers.Dense(5, "relu"), layers.Dense(2)]
    )
    (w1, b1), (w2, b2), (w3, b3) = (layer.get_weights() for layer in randomise(model).layers)
    structure = walk(model, rule_for)
    stay = kept_all(structure)
    first, second = find_groups(structure)
    stay[first.units[[0, 3]]] = False
    stay[second.units[[1, 2, 4]]] = False
    one, two = [1, 2, 4, 5], [0, 3]
    (x,) = batch(model)
    hidden = np.maximum(np.maximum(x @ w1[:, one] + b1[one], 0) @ w2[one][:, two] + b2[two], 0)
    (found,) = outputs(cut(structure, Transform(stay)).model, [x])
    assert np.allclose(found, hidden @ w3[two] + b3, rtol=0, atol=1e-12)


def test_a_flattened_map_computes_what_numpy_does_on_the_channels_that_stay() -> None:
    model = keras.Sequential(
        [keras.Input((3, 2, 2)), layers.Conv2D(4, 1), layers.Flatten(), layers.Dense(2)]
    )
    (kernel, bias), _, (dense, offset) = (layer.get_weights() for layer in randomise(model).layers)
    structure = walk(model, rule_for)
    stay = kept_all(structure)
    stay[find_groups(structure)[0].units[[1, 2]]] = False
    (x,) = batch(model)
    maps = np.einsum("nhwc,cf->nhwf", x, kernel[0, 0][:, [0, 3]]) + bias[[0, 3]]
    rows = dense.reshape(3, 2, 4, 2)[:, :, [0, 3]].reshape(12, 2)
    (found,) = outputs(cut(structure, Transform(stay)).model, [x])
    assert np.allclose(found, maps.reshape(3, 12) @ rows + offset, rtol=0, atol=1e-12)


def test_given_weights_are_cut_in_place_of_the_models_own() -> None:
    model = randomise(PATTERNS["siamese"].build())
    structure = walk(model, rule_for)
    layer = model.layers[2]
    values = np.ones(layer.kernel.shape)
    stay = removal(structure)
    pruned = cut(structure, Transform(stay, fitted={(layer, 0): values})).model
    assert np.array_equal(
        values_of(pruned.layers[2].kernel), np.ones(pruned.layers[2].kernel.shape)
    )
    assert not np.array_equal(values_of(layer.kernel), values)


class Broken(layers.Dense):
    """A layer that cannot be made again from its configuration."""

    def __init__(self, units: int, *, secret: int, **options: Any) -> None:
        super().__init__(units, **options)
        self.secret = secret


def test_a_layer_that_cannot_be_made_again_is_named() -> None:
    x = keras.Input((4,))
    y = Broken(3, secret=1, name="odd")(layers.Dense(6)(x))
    structure = walk(keras.Model(x, y), rule_for)
    with pytest.raises(SurgeryError, match=r"'odd' \(Broken\) cannot be made again.*secret"):
        cut(structure, Transform(kept_all(structure)))


def test_operations_without_a_configuration_are_copied() -> None:
    """An argument that is an array has none in the eyes of Keras."""
    x = keras.Input((4,))
    y = ops.leaky_relu(layers.Dense(8, "tanh")(x), np.float32(0.1))
    model = keras.Model(x, layers.Dense(2)(y))
    before = [len(each._inbound_nodes) for each in model.operations]
    structure = walk(model, rule_for)
    outcome = cut(structure, Transform(removal(structure)))
    # Sums of eight and of four numbers are taken in another order: float64 rounding, no more.
    assert verify(structure, outcome, full=True).error <= 1e-15
    assert [len(each._inbound_nodes) for each in model.operations] == before
    old, new = (
        next(each for each in one.operations if "LeakyRelu" in type(each).__name__)
        for one in (model, outcome.model)
    )
    assert new is not old
    assert new.negative_slope == old.negative_slope
