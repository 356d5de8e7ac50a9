"""Fourteen properties that hold for every model, one test each."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import SurgeryError
from support.oracles import batch, outputs, randomise, removal
from support.patterns import PATTERNS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.engine.graph.structure import Structure

VARIED = tuple(
    name
    for name in (
        *("concat_then_add", "squeeze_and_excite", "depthwise_multiplier", "decoder"),
        *("prelu_of_both_kinds", "many_elementwise_layers", "siamese", "applied_twice"),
        *("nested_functional_after_sequential", "encoder_used_twice", "two_inputs_two_outputs"),
        *("separable_after_depthwise", "grouped", "whole_groups_of_a_group_norm", "cells"),
        *("activation_layers_as_arguments", "recurrent_stack", "bidirectional_sum_and_pair"),
        *("time_distributed", "transformer_block", "grouped_query_attention", "einsum_dense"),
        *("heads_by_einsum", "unequal_split", "slices", "positions_are_a_constant"),
        *("nested_model_in_a_sequential", "channel_shuffle", "squeezed", "rescaled_channels"),
    )
    if name in PATTERNS
)
each = pytest.mark.parametrize("name", VARIED)
each_of_all = pytest.mark.parametrize("name", list(PATTERNS))

# Axes of weights that no rule labels, by class of the layer and the end of the weight's path:
# vocabularies, the size of queries and keys, one bias of a GRU for inputs and states, positions in
# space, and of axes labelled together (EinsumDense) those along which nothing leaves. Besides,
# windows of kernels and axes of length one are fixed.
FIXED = {
    ("Bidirectional", "bias"): {0},
    ("Conv2D", "alpha"): {0, 1},
    ("EinsumDense", "bias"): {1},
    ("EinsumDense", "kernel"): {0, 1, 2},
    ("Embedding", "embeddings"): {0},
    ("GRU", "bias"): {0},
    ("GroupedQueryAttention", "attention_output/kernel"): {1},
    ("GroupedQueryAttention", "key/bias"): {1},
    ("GroupedQueryAttention", "key/kernel"): {2},
    ("GroupedQueryAttention", "query/bias"): {1},
    ("GroupedQueryAttention", "query/kernel"): {2},
    ("GroupedQueryAttention", "value/bias"): {1},
    ("GroupedQueryAttention", "value/kernel"): {2},
    ("LayerNormalization", "beta"): {0, 1},
    ("LayerNormalization", "gamma"): {0, 1},
    ("MultiHeadAttention", "key/bias"): {1},
    ("MultiHeadAttention", "key/kernel"): {2},
    ("MultiHeadAttention", "query/bias"): {1},
    ("MultiHeadAttention", "query/kernel"): {2},
    ("PReLU", "alpha"): {0, 1},
    ("RNN", "bias"): {0},
}
WINDOWED = ("Conv", "DepthwiseConv", "SeparableConv", "ConvLSTM", "TimeDistributed")


def kept_all(structure: Structure) -> Any:
    return np.ones(structure.classes.count, bool)


@each_of_all
def test_1_every_call_is_visited_once_and_nothing_is_changed(name: str) -> None:
    model = PATTERNS[name].build()
    before = [values_of(variable) for variable in model.variables], model.to_json()
    visited: list[str] = []

    def rules(operation: Any) -> Any:
        return lambda visit: visited.append(visit.name) or rule_for(operation)(visit)

    structure = walk(model, rules)
    calls = [call.name for call in structure.graph.calls]
    assert [name for name in visited if name in calls][: len(calls)] == calls
    assert model.to_json() == before[1]
    assert [values_of(each).tobytes() for each in model.variables] == [
        each.tobytes() for each in before[0]
    ]


@each_of_all
def test_2_every_weight_axis_is_labelled_or_known_to_be_fixed(name: str) -> None:
    structure = walk(PATTERNS[name].build(), rule_for)
    labelled = {(axis.layer, axis.index, axis.axis) for axis in structure.axes}
    for layer in {call.operation for call in structure.graph.calls}:
        for index, weight in enumerate(getattr(layer, "weights", ())):
            for axis in range(len(weight.shape)):
                known = axis in _fixed(layer, weight)
                assert known or (layer, index, axis) in labelled, (layer, weight.path, axis)


@each_of_all
def test_3_there_is_one_label_for_each_position(name: str) -> None:
    structure = walk(PATTERNS[name].build(), rule_for)
    for axis in structure.axes:
        assert axis.classes.shape == (axis.layer.weights[axis.index].shape[axis.axis],)
    for tensor, view in structure.views.items():
        assert view.shape == tensor.shape
        assert view.full().ndim == len(tensor.shape)


@each_of_all
def test_4_inputs_and_outputs_are_pinned_and_pins_hold(name: str) -> None:
    structure = walk(PATTERNS[name].build(), rule_for)
    free = structure.classes.free
    for tensor in (*structure.graph.inputs, *structure.graph.outputs):
        assert not free[structure.views[tensor].labels].any()
    stay = kept_all(structure)
    stay[np.flatnonzero(~free)[-1]] = False
    with pytest.raises(SurgeryError, match="a unit cannot be removed: "):
        cut(structure, Transform(stay))


@each_of_all
def test_5_no_axis_is_emptied_however_much_is_asked_for(name: str) -> None:
    model = PATTERNS[name].build()
    structure = walk(model, rule_for)
    stay = removal(structure, share=1.0)
    pruned = cut(structure, Transform(stay)).model
    assert all(0 not in weight.shape for weight in pruned.weights)
    outputs(pruned, batch(model))
    for group in find_groups(structure):
        everything = kept_all(structure)
        everything[group.units] = False
        if any(np.isin(axis.classes, group.units).all() for axis in structure.axes):
            with pytest.raises(SurgeryError, match=r"would (have nothing left|give nothing)"):
                cut(structure, Transform(everything))


@each
def test_6_the_structure_is_a_function_of_the_model(name: str) -> None:
    model = PATTERNS[name].build()
    one, two = (walk(model, rule_for) for _ in range(2))
    assert np.array_equal(one.classes.of, two.classes.of)
    assert one.classes.reasons == two.classes.reasons
    for first, second in zip(find_groups(one), find_groups(two), strict=True):
        assert first.name == second.name
        assert np.array_equal(first.units, second.units)
        assert all(map(np.array_equal, first.quorums, second.quorums))


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
    """Where the first leaves the same groups: one channel a group makes another layer of one."""
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
    """Positions are numbered in place of weights, and only ever lose some between."""
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
    twins = dict(zip(_flat_layers(model), _flat_layers(pruned), strict=True))
    for (layer, index), (_, axis) in numbered.items():
        rows = np.moveaxis(values_of(twins[layer].weights[index]), axis.axis, 0)
        assert np.array_equal(rows.reshape(len(rows), -1)[:, 0], np.flatnonzero(stay[axis.classes]))


def test_14_the_order_in_which_branches_are_read_does_not_matter() -> None:
    def branches(order: int) -> Any:
        x = keras.Input((4,), name="x")
        made = [layers.Dense(5, name="a"), layers.Dense(5, name="b"), layers.Dense(3, name="c")]
        outs = {layer.name: layer(x) for layer in made[::order]}
        joined = layers.Concatenate()([layers.Add()([outs["a"], outs["b"]]), outs["c"]])
        return keras.Model(x, layers.Dense(2, name="head")(joined))

    def described(model: Any) -> list[Any]:
        return sorted(
            (sorted(producer.name for producer in group.producers), group.width)
            for group in find_groups(walk(model, rule_for))
        )

    assert described(branches(1)) == described(branches(-1)) == [(["a", "b"], 5), (["c"], 3)]


def _fixed(layer: Any, weight: Any) -> set[int]:
    """Return the axes of a weight that keep all their positions whatever leaves."""
    rank, kind = len(weight.shape), type(layer).__name__
    fixed = {axis for axis, length in enumerate(weight.shape) if length == 1}
    if "kernel" in weight.name and rank > 2 and kind.startswith(WINDOWED):
        fixed |= set(range(rank - 2))
        fixed |= {rank - 1} if kind.startswith("Depthwise") or "depthwise" in weight.name else set()
    for (owner, path), axes in FIXED.items():
        if kind == owner and weight.path.endswith(path) and max(axes) < rank:
            fixed |= axes
    return fixed


def _configs(model: Any) -> list[Any]:
    return [_without_shapes(layer.get_config()) for layer in _flat_layers(model)]


def _without_shapes(config: Any) -> Any:
    """Leave out the shapes that inner layers note down when they are built."""
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
