"""Seven properties of every cut, one test each; the structure has the others."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from support.oracles import batch, kept_all, outputs, randomise, removal
from support.patterns import PATTERNS, VARIED

if TYPE_CHECKING:
    from pathlib import Path


each = pytest.mark.parametrize("name", VARIED)


@each
def test_7_removing_nothing_gives_an_equal_model(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    structure = walk(model, rule_for)
    same = cut(structure, Transform(kept_all(structure))).model
    assert _configs(same) == _configs(model)
    assert [values_of(each).tobytes() for each in same.weights] == [
        values_of(each).tobytes() for each in model.weights
    ]
    inputs = batch(model)
    for one, two in zip(outputs(same, inputs), outputs(model, inputs), strict=True):
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("name", [name for name in VARIED if name != "grouped"])
def test_8_a_cut_in_two_steps_is_the_cut_in_one(name: str) -> None:
    """Only where the first leaves the same groups, unlike a grouped convolution made depthwise."""
    model = randomise(PATTERNS[name].build())
    structure = walk(model, rule_for)
    first, at_once = kept_all(structure), kept_all(structure)
    groups = find_groups(structure)
    order = [group.first_to_go(np.arange(group.width)[::-1], 2) for group in groups]
    for group, rows in zip(groups, order, strict=True):
        at_once[group.units[rows]] = False
        first[group.units[rows[:1]]] = False
    halfway = walk(cut(structure, Transform(first)).model, rule_for)
    second, left = kept_all(halfway), {group.name: group for group in find_groups(halfway)}
    for group, (row, *later) in zip(groups, order, strict=True):
        for each in later:
            second[left[group.name].units[each - (each > row)]] = False
    expected, found = (
        cut(structure, Transform(at_once)).model,
        cut(halfway, Transform(second)).model,
    )
    for one, two in zip(expected.weights, found.weights, strict=True):
        assert np.array_equal(values_of(one), values_of(two))


@each
def test_9_names_flags_and_policies_survive(name: str) -> None:
    model = PATTERNS[name].build()
    for layer in model.layers[1::2]:
        layer.trainable = not layer.weights
    structure = walk(model, rule_for)
    pruned = cut(structure, Transform(removal(structure))).model
    for old, new in zip(_flat_layers(model), _flat_layers(pruned), strict=True):
        assert (new.name, new.trainable, new.dtype_policy.name) == (
            old.name,
            old.trainable,
            old.dtype_policy.name,
        )
        assert len(new.trainable_variables) == len(old.trainable_variables)
        changed = _changed(_without_shapes(old.get_config()), _without_shapes(new.get_config()))
        assert not changed & {"kernel_initializer", "activation", "kernel_regularizer", "seed"}


@each
def test_10_what_no_removed_unit_touches_is_copied_bit_for_bit(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    structure = walk(model, rule_for)
    stay = removal(structure)
    pruned = cut(structure, Transform(stay)).model
    touched = {(axis.layer, axis.index) for axis in structure.axes if not stay[axis.classes].all()}
    for old, new in zip(_flat_layers(model), _flat_layers(pruned), strict=True):
        for index, (one, two) in enumerate(zip(old.weights, new.weights, strict=True)):
            if (old, index) in touched:
                assert np.prod(two.shape) < np.prod(one.shape)
            else:
                assert values_of(one).tobytes() == values_of(two).tobytes()


def test_11_the_result_is_an_ordinary_keras_file(tmp_path: Path) -> None:
    structure = walk(randomise(PATTERNS["residual"].build()), rule_for)
    pruned = cut(structure, Transform(removal(structure))).model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, while it saves
        pruned.save(tmp_path / "model.keras")
    code = (
        "import sys, keras; print(keras.models.load_model(sys.argv[1]).count_params());"
        "assert not any(name.startswith('pytest_paoding') for name in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path / "model.keras"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert int(found.stdout.split()[-1]) == pruned.count_params()


@each
def test_12_the_original_is_left_as_it_was(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    before = [values_of(variable) for variable in model.variables], model.to_json()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    structure = walk(model, rule_for)
    pruned = cut(structure, Transform(removal(structure))).model
    for variable in pruned.trainable_variables:
        variable.assign(variable + 1)
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    assert model.to_json() == before[1]
    for variable, values in zip(model.variables, before[0], strict=True):
        assert values_of(variable).tobytes() == values.tobytes()


@each
def test_13_what_stays_keeps_its_order(name: str) -> None:
    """Positions stand in for weights; they may only lose some in between."""
    model = PATTERNS[name].build()
    structure = walk(model, rule_for)
    stay = removal(structure)
    numbered = {}
    for axis in structure.axes:
        shape = axis.layer.weights[axis.index].shape
        places = np.arange(shape[axis.axis], dtype=float)
        lengths = [-1 if each == axis.axis else 1 for each in range(len(shape))]
        numbered[axis.layer, axis.index] = np.broadcast_to(places.reshape(lengths), shape), axis
    weights = {key: values for key, (values, _) in numbered.items()}
    pruned = cut(structure, Transform(stay, fitted=weights)).model
    rebuilt = dict(zip(_flat_layers(model), _flat_layers(pruned), strict=True))
    for (layer, index), (_, axis) in numbered.items():
        rows = np.moveaxis(values_of(rebuilt[layer].weights[index]), axis.axis, 0)
        assert np.array_equal(rows.reshape(len(rows), -1)[:, 0], np.flatnonzero(stay[axis.classes]))


def _configs(model: Any) -> list[Any]:
    return [_without_shapes(layer.get_config()) for layer in _flat_layers(model)]


def _without_shapes(config: Any) -> Any:
    """Leave out the shapes that inner layers record when they are built."""
    if isinstance(config, dict):
        return {key: _without_shapes(each) for key, each in config.items() if key != "build_config"}
    return config


def _changed(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    return {key for key in old if old[key] != new[key]}


def _flat_layers(model: Any) -> list[Any]:
    return [
        inner
        for layer in model.layers
        for inner in (_flat_layers(layer) if isinstance(layer, keras.Model) else [layer])
    ]
