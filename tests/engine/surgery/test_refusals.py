"""Layers that are left alone by name, and models that cannot be rebuilt at all."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops
from tensorflow.errors import InvalidArgumentError

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.rules.operations import elementwise, reduce
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.keras_io.digest import digest
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.errors import ModelFileError, SurgeryError
from support.oracles import batch, outputs, randomise, zero_oracle
from support.patterns import head


def reasons_of(model: Any, name: str) -> set[str | None]:
    structure = walk(model, rule_for)
    producer = next(each for each in structure.producers if each.name == name)
    return {structure.classes.reasons[number] for number in producer.classes}


def around(layer: Any) -> Any:
    """Return a model in which a dense layer of six units feeds `layer`, and another dense one."""
    x = keras.Input((4,))
    y = layers.Dense(6, name="before")(layers.Dense(5, name="free")(x))
    return keras.Model(x, head(layer(y)))


class Opaque(layers.Layer):
    """A layer without a rule."""

    def call(self, x: Any) -> Any:
        return ops.flip(x, axis=-1)


class Inner(keras.Model):
    """A subclassed model, whose calls only its own code knows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(6)

    def call(self, x: Any) -> Any:
        return self.dense(x)


@pytest.mark.parametrize(
    ("made", "reason"),
    (
        (Opaque, "Opaque 'it' has no pruning rule (pytest_paoding.rule registers one)"),
        (partial(layers.Lambda, ops.tanh), "Lambda 'it' has no pruning rule"),
        (Inner, "Inner 'it' is a subclassed model"),
        (layers.Masking, "Masking 'it' has no pruning rule"),
        (
            partial(layers.Normalization, mean=[0.0] * 6, variance=[1.0] * 6),
            "Normalization 'it' keeps the",
        ),
    ),
)
def test_what_is_not_known_keeps_its_inputs_and_is_named(made: Any, reason: str) -> None:
    model = around(made(name="it"))
    (found,) = reasons_of(model, "before")
    assert found is not None
    assert found.startswith(reason)
    assert [group.name for group in find_groups(walk(model, rule_for))] == ["free"]
    assert zero_oracle(randomise(model)).exact


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras
def test_quantized_layers_are_refused_by_name() -> None:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, name="one", dtype="float32"),
            layers.Dense(3, name="two", dtype="float32"),
            layers.Dense(2, name="last", dtype="float32"),
        ]
    )
    model.layers[1].quantize("int8")
    why = "Dense 'two' is quantized (int8): prune the model before quantizing it"
    assert reasons_of(model, "one") == {why}
    structure = walk(model, rule_for)
    same = cut(structure, Transform(np.ones(structure.classes.count, bool))).model
    inputs = batch(model)
    assert np.array_equal(outputs(same, inputs)[0], outputs(model, inputs)[0])


def test_lora_layers_are_refused_by_name() -> None:
    model = around(layers.Dense(4, name="adapted"))
    model.get_layer("adapted").enable_lora(2)
    assert reasons_of(model, "before") == {"Dense 'adapted' has LoRA adapters enabled"}
    assert zero_oracle(randomise(model)).exact


def test_layers_that_share_a_weight_are_refused() -> None:
    x = keras.Input((3, 4))
    one = layers.Dense(4, name="one")
    model = keras.Model(x, layers.TimeDistributed(one, name="two")(one(x)))
    structure = walk(model, rule_for)
    with pytest.raises(SurgeryError, match="'one' and 'two' share the weight 'kernel'"):
        cut(structure, Transform(np.ones(structure.classes.count, bool)))


def test_a_wrapped_model_is_left_alone() -> None:
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(4)], name="inner")
    x = keras.Input((3, 4))
    y = layers.TimeDistributed(inner, name="each")(layers.Dense(6, name="before")(x))
    model = keras.Model(x, head(layers.Flatten()(layers.Dense(5)(y))))
    (reason,) = reasons_of(model, "before")
    assert reason is not None
    assert "wraps a model" in reason
    assert zero_oracle(randomise(model)).exact


def test_the_tables_of_operations_name_operations() -> None:
    """A name that Keras drops would silently lose its rule."""
    version = tuple(map(int, keras.__version__.split(".")[:2]))
    for module, names in (
        ("numpy", elementwise._NUMPY + reduce._REDUCTIONS),
        ("nn", elementwise._NN),
        ("core", elementwise._CORE),
        ("math", elementwise._MATH),
    ):
        home = __import__(f"keras.src.ops.{module}", fromlist=["x"])
        missing = [name for name in names if not hasattr(home, name)]
        assert not missing or version < (3, 15), missing


class Untold(keras.regularizers.Regularizer):
    """A regularizer without a configuration."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, x: Any) -> Any:
        return ops.sum(ops.square(x))

    def get_config(self) -> Any:
        raise self.error


UNTOLD = {
    "Dense": lambda untold: layers.Dense(6, activity_regularizer=untold),
    "Embedding": lambda untold: layers.Embedding(9, 6, embeddings_regularizer=untold),
    "LSTM": lambda untold: layers.LSTM(6, recurrent_regularizer=untold),
    "MultiHeadAttention": lambda untold: layers.MultiHeadAttention(2, 3, bias_regularizer=untold),
}


@pytest.mark.parametrize("error", (NotImplementedError("has none"), RuntimeError("has none")))
@pytest.mark.parametrize("kind", UNTOLD)
def test_a_layer_that_holds_what_has_no_configuration_is_named(kind: str, error: Exception) -> None:
    layer = UNTOLD[kind](Untold(error))
    layer.name = "it"
    x = keras.Input((4,), dtype="int32") if kind == "Embedding" else keras.Input((4, 5))
    model = keras.Model(x, head(layer(x, x) if kind == "MultiHeadAttention" else layer(x)))
    told = rf"layer 'it' \({kind}\) cannot be made again.*: has none"
    with pytest.raises(SurgeryError, match=told):
        prune(model, ratio=0.5, strategy="magnitude")


@pytest.mark.parametrize("error", (NotImplementedError("has none"), RuntimeError("has none")))
def test_a_layer_that_need_not_change_and_has_no_configuration_is_named(error: Exception) -> None:
    last = layers.Dense(2, name="last", kernel_regularizer=Untold(error))
    model = keras.Sequential([keras.Input((4,)), layers.Flatten(), last])
    with pytest.raises(
        SurgeryError, match=r"layer 'last' \(Dense\) cannot be made again.*has none"
    ):
        cut(structure := walk(model, rule_for), Transform(np.ones(structure.classes.count, bool)))
    with pytest.raises(ModelFileError, match="cannot be described: has none"):
        digest(model)


ROW, STEPS = np.linspace(-1, 1, 6)[np.newaxis], np.linspace(-1, 1, 30).reshape(1, 5, 6)
MERGING = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
CONSTANTS = {
    **{name: ((4,), lambda x, name=name: getattr(layers, name)()([x, ROW])) for name in MERGING},
    "along all axes": ((5, 4), lambda x: layers.Multiply()([x, STEPS])),
    "attention": ((5, 4), lambda x: layers.Attention()([x, STEPS])),
}
ONE_SAMPLE = {
    "heads": lambda x: layers.MultiHeadAttention(2, 3)(x, STEPS),
    "products": lambda x: layers.Dot(axes=-1)([x, STEPS]),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_what_meets_a_constant_in_a_layer_stays_and_the_rest_goes(name: str) -> None:
    shape, build = CONSTANTS[name]
    x = keras.Input(shape)
    y = build(layers.Dense(6, name="before")(layers.Dense(8, name="free")(x)))
    model = randomise(keras.Model(x, head(y)))
    plan = prune(model, ratio=0.5, strategy="magnitude", verify=True).plan
    assert len(plan["free"].kept) == 4
    assert len(plan["before"].kept) == 6
    assert "constant" in str(plan["before"].reason)


@pytest.mark.parametrize("name", ONE_SAMPLE)
def test_a_constant_in_a_layer_that_takes_it_for_one_sample_only_is_kept_whole(name: str) -> None:
    x = keras.Input((5, 4))
    y = ONE_SAMPLE[name](layers.Dense(6, name="before")(layers.Dense(8, name="free")(x)))
    model = randomise(keras.Model(x, head(y)))
    pruned = prune(model, ratio=0.5, strategy="magnitude")
    assert [len(pruned.plan[each].kept) for each in ("free", "before")] == [4, 6]
    assert ("not run on random inputs" in str(pruned.notes)) != takes_two_samples(model)


def takes_two_samples(model: Any) -> bool:
    """Whether Keras itself lets a constant for one sample meet two, as its heads did once."""
    try:
        model(np.zeros((2, 5, 4)))
    except (ValueError, InvalidArgumentError):
        return False
    return True


@pytest.mark.parametrize("constant", (np.full((1, 1), 2.0), np.linspace(1, 2, 5).reshape(1, 5, 1)))
def test_a_constant_that_meets_all_units_alike_keeps_none(constant: Any) -> None:
    x = keras.Input((4,) if constant.ndim == 2 else (5, 4))
    y = layers.Multiply()([layers.Dense(6, name="before")(x), constant])
    model = randomise(keras.Model(x, head(y)))
    assert len(prune(model, ratio=0.5, strategy="magnitude", verify=True).plan["before"].kept) == 3
