"""The cut: what is removed, what is refused, and what the original keeps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from oracles import batch, outputs, randomise, removal
from patterns import PATTERNS

from pytest_paoding.errors import SurgeryError
from pytest_paoding.graph.groups import find_groups
from pytest_paoding.graph.rules import rule_for
from pytest_paoding.graph.walk import Structure, walk
from pytest_paoding.surgery.cut import cut
from pytest_paoding.surgery.weights import values_of


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
    (found,) = outputs(cut(structure, stay).model, [x])
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
    (found,) = outputs(cut(structure, stay).model, [x])
    assert np.allclose(found, maps.reshape(3, 12) @ rows + offset, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", list(PATTERNS))
def test_a_cut_leaves_the_original_as_it_was(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    before = [values_of(variable) for variable in model.variables], model.to_json()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    structure = walk(model, rule_for)
    pruned = cut(structure, removal(structure)).model
    for variable in pruned.trainable_variables:
        variable.assign(variable + 1)
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    assert model.to_json() == before[1]
    for variable, values in zip(model.variables, before[0], strict=True):
        assert values_of(variable).tobytes() == values.tobytes()


@pytest.mark.parametrize("name", list(PATTERNS))
def test_removing_nothing_gives_an_equal_model(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    structure = walk(model, rule_for)
    same = cut(structure, kept_all(structure)).model
    assert _configs(same) == _configs(model)
    assert [values_of(each).tobytes() for each in same.weights] == [
        values_of(each).tobytes() for each in model.weights
    ]
    inputs = batch(model)
    for one, two in zip(outputs(same, inputs), outputs(model, inputs), strict=True):
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("name", list(PATTERNS))
def test_what_no_removed_unit_touches_is_copied_bit_for_bit(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    structure = walk(model, rule_for)
    stay = removal(structure)
    pruned = cut(structure, stay).model
    touched = {(axis.layer, axis.index) for axis in structure.axes if not stay[axis.classes].all()}
    pairs = zip(_flat_layers(model), _flat_layers(pruned), strict=True)
    for old, new in pairs:
        for index, (one, two) in enumerate(zip(old.weights, new.weights, strict=True)):
            if (old, index) in touched:
                assert np.prod(two.shape) < np.prod(one.shape)
            else:
                assert values_of(one).tobytes() == values_of(two).tobytes()


def test_a_cut_in_two_steps_is_the_cut_in_one() -> None:
    model = randomise(PATTERNS["residual"].build())
    structure = walk(model, rule_for)
    (group,) = find_groups(structure)
    at_once, first = kept_all(structure), kept_all(structure)
    at_once[group.units[[0, 2, 5]]] = False
    first[group.units[[2]]] = False
    halfway = walk(cut(structure, first).model, rule_for)
    second = kept_all(halfway)
    second[find_groups(halfway)[0].units[[0, 4]]] = False
    expected, found = cut(structure, at_once).model, cut(halfway, second).model
    for one, two in zip(expected.weights, found.weights, strict=True):
        assert np.array_equal(values_of(one), values_of(two))


def test_units_that_stay_keep_their_order() -> None:
    model = randomise(PATTERNS["applied_twice"].build())
    structure = walk(model, rule_for)
    (group,) = find_groups(structure)
    stay = kept_all(structure)
    stay[group.units[[4, 1]]] = False
    kernel = values_of(model.layers[1].kernel)
    assert np.array_equal(
        values_of(cut(structure, stay).model.layers[1].kernel), kernel[:, [0, 2, 3, 5]]
    )


def test_given_weights_are_cut_in_place_of_the_models_own() -> None:
    model = randomise(PATTERNS["siamese"].build())
    structure = walk(model, rule_for)
    layer = model.layers[2]
    values = np.ones(layer.kernel.shape)
    stay = removal(structure)
    pruned = cut(structure, stay, {(layer, 0): values}).model
    assert np.array_equal(
        values_of(pruned.layers[2].kernel), np.ones(pruned.layers[2].kernel.shape)
    )
    assert not np.array_equal(values_of(layer.kernel), values)


def test_a_pinned_unit_is_not_removed() -> None:
    model = PATTERNS["residual"].build()
    structure = walk(model, rule_for)
    stay = kept_all(structure)
    stay[structure.producers[-1].classes[0]] = False
    with pytest.raises(SurgeryError, match="it is an output of the model"):
        cut(structure, stay)


def test_an_axis_is_not_emptied() -> None:
    model = PATTERNS["residual"].build()
    structure = walk(model, rule_for)
    stay = kept_all(structure)
    stay[find_groups(structure)[0].units] = False
    with pytest.raises(SurgeryError, match=r"'conv2d.*' would have nothing left"):
        cut(structure, stay)


class Broken(layers.Dense):
    """A layer whose configuration does not make it again."""

    def __init__(self, units: int, *, secret: int, **options: Any) -> None:
        super().__init__(units, **options)
        self.secret = secret


def test_a_layer_that_cannot_be_made_again_is_named() -> None:
    x = keras.Input((4,))
    y = Broken(3, secret=1, name="odd")(layers.Dense(6)(x))
    structure = walk(keras.Model(x, y), rule_for)
    with pytest.raises(SurgeryError, match=r"'odd' \(Broken\) cannot be made again.*secret"):
        cut(structure, kept_all(structure))


def _configs(model: Any) -> list[Any]:
    return [_without_shapes(layer.get_config()) for layer in _flat_layers(model)]


def _without_shapes(config: Any) -> Any:
    """Leave out the shapes that inner layers note down when they are built."""
    if isinstance(config, dict):
        return {key: _without_shapes(each) for key, each in config.items() if key != "build_config"}
    return config


def _flat_layers(model: Any) -> list[Any]:
    return [
        inner
        for layer in model.layers
        for inner in (_flat_layers(layer) if isinstance(layer, keras.Model) else [layer])
    ]
