"""The rules as an extension point: documented examples, inner layers, and misuse."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import keras
import pytest
from keras import layers, ops

import pytest_paoding.engine.graph
import pytest_paoding.engine.surgery
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import registry, rule, rule_for
from pytest_paoding.engine.graph.rules.layers.einsum_dense import parsed
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import ExecutionError, RuleError, SurgeryError
from support.oracles import kept_all, merge_oracle, randomise, zero_oracle
from support.patterns import PATTERNS, head

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Visit

MODULES = [
    module.name
    for package in (pytest_paoding.engine.graph, pytest_paoding.engine.surgery)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_documentation_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


class Mixture(layers.Layer):
    """Two dense layers in one, the second an inner layer: a gate with as many units."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.gate = layers.Dense(width, activation="sigmoid", name="gate")

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.width), name="kernel")
        self.gate.build(shape)

    def call(self, x: Any) -> Any:
        return ops.matmul(x, self.kernel) * self.gate(x)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], self.width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width}


def mixture(visit: Visit) -> View:
    layer = visit.layer
    units = visit.issue(layer.width)
    visit.contracts(layer.kernel, visit.channels(visit.input), 0)
    visit.carries(layer.kernel, units, 1)
    visit.contracts(layer.gate.kernel, visit.channels(visit.input), 0)
    visit.carries(layer.gate.kernel, units, 1)
    visit.carries(layer.gate.bias, units)
    visit.sizes(units, "width")
    return visit.along(units)


def mixed() -> Any:
    x = keras.Input((4,))
    return keras.Model(x, head(Mixture(6, name="mix")(layers.Dense(5, "tanh", name="in")(x))))


@pytest.mark.usefixtures("float64")
def test_a_layer_of_ones_own_is_pruned_by_its_rule() -> None:
    assert [group.width for group in find_groups(walk(mixed(), rule_for))] == []
    rule(Mixture)(mixture)
    assert [group.name for group in find_groups(walk(mixed(), rule_for))] == ["in", "mix"]
    model = randomise(mixed())
    assert zero_oracle(model).exact
    assert merge_oracle(model).exact


def test_the_last_rule_of_a_class_counts_and_subclasses_have_none() -> None:
    class Scaled(layers.Dense):
        """A subclass, which may compute anything."""

    assert rule_for(Scaled(3)) is registry._unknown
    rule(Scaled)(mixture)
    assert rule_for(Scaled(3)) is mixture
    rule(Scaled)(rule_for(layers.Dense(3)))
    assert rule_for(Scaled(3)) is rule_for(layers.Dense(3))


def test_classes_are_told_apart_by_identity_not_by_name() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, ops.reshape(layers.Reshape((2, 2))(x), (-1, 4)))
    layer, operation = (call.operation for call in walk(model, rule_for).graph.calls)
    assert type(layer).__name__ == type(operation).__name__ == "Reshape"
    assert rule_for(layer) is not rule_for(operation)


def test_names_that_keras_does_not_have_are_left_out() -> None:
    assert registry.known("keras.layers", "Dense", "NoSuchLayer") == (layers.Dense,)
    assert registry.known("keras.no_such_module", "Dense") == ()


@pytest.mark.parametrize(
    ("wrong", "message"),
    (
        (lambda visit: visit.carries(visit.layer.bias, visit.issue(2)), "'mix'.* for \\(6,\\)"),
        (lambda visit: visit.carries(object(), visit.issue(2)), "'mix'.*not one of its weights"),
        (lambda visit: visit.channels(visit.input, 0), "'mix': the length of its axis 0"),
    ),
)
def test_a_rule_that_says_what_cannot_be_is_told_so(wrong: Any, message: str) -> None:
    x = keras.Input((None, 4))
    model = keras.Model(x, layers.Dense(6, name="mix")(x))
    rules = {layers.Dense: wrong}
    with pytest.raises(RuleError, match=f"rule of Dense 'mix' does not fit .*{message}"):
        walk(model, lambda operation: rules.get(type(operation), rule_for(operation)))


@pytest.mark.parametrize(
    ("equation", "rank", "letters"),
    (
        ("ab,bc->ac", 1, ("b", "bc", "c", (0,))),
        ("...x,xy->...y", 2, ("1x", "xy", "1y", (1,))),
        ("bx...,xy->by...", 2, ("x0", "xy", "y0", (0,))),
        ("abcd,de->abce", 3, ("bcd", "de", "bce", (0, 1, 2))),
        ("aab,bc->aac", 2, None),
        ("ab,ac->bc", 1, None),
        ("ba,bc->ac", 1, None),
    ),
)
def test_equations_are_read_letter_by_letter(equation: str, rank: int, letters: Any) -> None:
    found = parsed(equation, rank)
    assert letters == (found and (found.inputs, found.kernel, found.outputs, found.written))


def test_units_of_several_kinds_are_named_by_their_kind() -> None:
    names = [each.name for each in walk(PATTERNS["transformer_block"].build(), rule_for).producers]
    attention = next(name for name in names if name.startswith("multi_head"))
    kinds = {name.partition(":")[2] for name in names if name.startswith("multi_head")}
    assert kinds == {"", "heads", "values"}
    assert attention.partition(":")[0] in names


def test_inner_layers_are_named_by_their_path() -> None:
    producers = walk(PATTERNS["bidirectional_concat"].build(), rule_for).producers
    first, second, _ = (producer.name for producer in producers)
    assert first.rpartition("/")[0] == second.rpartition("/")[0] != ""
    assert first.rpartition("/")[2].startswith("forward_")
    assert second.rpartition("/")[2].startswith("backward_")


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("length", (2, 3, 5))
def test_heads_of_one_value_with_a_bias_stay(length: int) -> None:
    """Keras adds such a bias along the first axis where that has as many positions as heads."""
    x = keras.Input((length, 2, 4))
    y = layers.Dense(4)(x)
    y = layers.Add()([y, layers.MultiHeadAttention(3, 1, name="heads")(y, y)])
    y = layers.EinsumDense("abcd,def->abcef", (None, 2, 3, 1), bias_axes="ef", name="split")(y)
    model = randomise(keras.Model(x, layers.Dense(2)(ops.mean(y, axis=(1, 2, 4)))))
    groups = find_groups(walk(model, rule_for))
    assert [group.width for group in groups] == [4]
    assert zero_oracle(model).exact


@pytest.mark.parametrize(("width", "groups"), ((6, []), (5, [6])))
def test_filters_that_keras_takes_for_the_width_stay(width: int, groups: list[int]) -> None:
    """With channels first it adds the bias along the width if that is as long."""
    x = keras.Input((3, 4, width))
    y = layers.SeparableConv2D(6, 1, data_format="channels_first", name="first")(x)
    model = randomise(keras.Model(x, layers.Dense(2)(layers.Flatten()(y))))
    structure = walk(model, rule_for)
    assert [group.width for group in find_groups(structure)] == groups
    stay = kept_all(structure)
    for group in find_groups(structure):
        stay[group.units[0]] = False
        with pytest.raises(SurgeryError, match="'first' would have 5 filters, as many as its out"):
            cut(structure, Transform(stay))


@pytest.mark.usefixtures("float64")
def test_counts_of_what_is_not_zero_are_reductions() -> None:
    x = keras.Input((4, 3))
    y = ops.count_nonzero(layers.Dense(5, "relu")(x), axis=1)
    model = keras.Model(x, layers.Dense(2)(ops.cast(y, "float64")))
    assert [group.width for group in find_groups(walk(model, rule_for))] == [5]
    assert zero_oracle(randomise(model)).exact


def test_a_layer_that_cannot_be_called_again_is_named() -> None:
    class Once(layers.Layer):
        """A layer that forgets how it is called."""

        calls = 0

        def compute_output_spec(self, x: Any) -> Any:
            self.calls += 1
            if self.calls > 1:
                raise TypeError("not again")
            return keras.KerasTensor(x.shape, x.dtype)

    x = keras.Input((4,))
    model = keras.Model(x, layers.Dense(2)(Once(name="once")(layers.Dense(5)(x))))
    with pytest.raises(ExecutionError, match=r"layer 'once' cannot be called again .*: not again$"):
        walk(model, rule_for)
