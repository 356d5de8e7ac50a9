"""Seven properties of the structure of every model, one test each; the cut has the others."""

from __future__ import annotations

from typing import Any

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
from support.oracles import batch, kept_all, outputs, removal
from support.patterns import PATTERNS, VARIED

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
    """Return the axes of a weight that always keep all their positions."""
    rank, kind = len(weight.shape), type(layer).__name__
    fixed = {axis for axis, length in enumerate(weight.shape) if length == 1}
    if "kernel" in weight.name and rank > 2 and kind.startswith(WINDOWED):
        fixed |= set(range(rank - 2))
        fixed |= {rank - 1} if kind.startswith("Depthwise") or "depthwise" in weight.name else set()
    for (owner, path), axes in FIXED.items():
        if kind == owner and weight.path.endswith(path) and max(axes) < rank:
            fixed |= axes
    return fixed
