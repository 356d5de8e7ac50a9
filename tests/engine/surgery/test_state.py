"""State that survives a rebuild: names, flags, policies, regularisers, compilation, randomness."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import Cut, cut
from pytest_paoding.engine.surgery.transform import Transform
from support.oracles import batch, outputs, randomise, removal


def pruned(model: Any) -> Cut:
    structure = walk(model, rule_for)
    return cut(structure, Transform(removal(structure)))


def rich_model() -> Any:
    """A model that sets every option of a layer somewhere."""
    inner = keras.Input((8,), name="inner_in")
    body = keras.Model(
        inner,
        layers.Dense(5, "relu", name="frozen", trainable=False)(
            layers.Dense(6, kernel_constraint="max_norm", name="free")(inner)
        ),
        name="body",
    )
    x = keras.Input((4,), name="features")
    y = layers.Dense(
        8,
        "tanh",
        name="first",
        kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
        bias_initializer=keras.initializers.Constant(0.3),
        activity_regularizer="l2",
    )(x)
    y = layers.BatchNormalization(momentum=0.7, epsilon=0.01, name="norm")(y)
    y = layers.Dropout(0.3, seed=7, name="drop")(body(y))
    return keras.Model(
        {"features": x}, {"a": layers.Dense(2, name="a")(y), "b": layers.Dense(1, name="b")(y)}
    )


def test_names_and_structures_are_kept() -> None:
    model = rich_model()
    new = pruned(model).model
    assert [layer.name for layer in new.layers] == [layer.name for layer in model.layers]
    assert [layer.name for layer in new.get_layer("body").layers] == ["inner_in", "free", "frozen"]
    assert new.name == model.name
    assert new.output_names == model.output_names
    assert list(new.input) == ["features"]
    assert sorted(new.output) == ["a", "b"]


def test_configurations_differ_in_their_widths_only() -> None:
    model = rich_model()
    new = pruned(model).model
    outside = [(model, new, name) for name in ("first", "norm", "drop", "a", "b")]
    inside = [(model.get_layer("body"), new.get_layer("body"), name) for name in ("free", "frozen")]
    for before, after, name in outside + inside:
        old_config, config = before.get_layer(name).get_config(), after.get_layer(name).get_config()
        differing = {key for key in config if config[key] != old_config[key]}
        assert differing <= {"units"}
    first, free = new.get_layer("first"), new.get_layer("body").get_layer("free")
    assert (first.units, free.units) == (5, 4)
    assert isinstance(free.kernel_constraint, keras.constraints.MaxNorm)
    assert isinstance(first.bias_initializer, keras.initializers.Constant)
    assert type(first.kernel_initializer) is type(model.get_layer("first").kernel_initializer)
    assert float(first.kernel_regularizer.l2) == pytest.approx(0.2)


def test_trainable_flags_are_kept_nested_and_on_the_whole() -> None:
    model = rich_model()
    new = pruned(model).model
    assert not new.get_layer("body").get_layer("frozen").trainable
    assert new.get_layer("body").get_layer("free").trainable
    assert len(new.trainable_variables) == len(model.trainable_variables)
    model.trainable = False
    new = pruned(model).model
    assert not new.trainable
    assert not new.trainable_variables
    model.get_layer("first").trainable = True
    new = pruned(model).model
    assert [each.path for each in new.trainable_variables] == [
        each.path for each in model.trainable_variables
    ]


@pytest.mark.parametrize("policy", ("mixed_float16", "mixed_bfloat16", "float32", "bfloat16"))
def test_dtype_policies_are_kept(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    x = keras.Input((4,), dtype="float32")
    y = layers.Dense(6, "relu", name="low")(x)
    model = keras.Model(x, layers.Dense(2, dtype="float32", name="full")(y))
    keras.config.set_dtype_policy("float64")
    new = pruned(model).model
    assert [new.get_layer(name).dtype_policy.name for name in ("low", "full")] == [
        policy,
        "float32",
    ]
    assert [each.dtype for each in new.weights] == [each.dtype for each in model.weights]
    assert new.inputs[0].dtype == "float32"


def test_optional_inputs_and_fixed_batches_are_kept() -> None:
    x = keras.Input(batch_shape=(3, 4), name="x")
    y = layers.Dense(2)(layers.Dense(6)(x))
    new = pruned(keras.Model(x, y)).model
    assert new.inputs[0].shape == (3, 4)
    optional = keras.Input((4,), name="x", optional=True)
    new = pruned(keras.Model(optional, layers.Dense(2)(layers.Dense(6)(optional)))).model
    assert new.get_layer("x").optional


def test_compilation_is_kept_and_a_step_can_be_fitted() -> None:
    model = randomise(rich_model())
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(
        keras.optimizers.Adam(schedule, beta_1=0.8),
        loss={"a": "mse", "b": "mae"},
        metrics={"a": ["mae"]},
    )
    outcome = pruned(model)
    assert outcome.note is None
    assert outcome.model.get_compile_config() == model.get_compile_config()
    inputs = {"features": batch(model)[0]}
    targets = {"a": np.zeros((3, 2)), "b": np.zeros((3, 1))}
    before = [values_of(each) for each in outcome.model.trainable_variables]
    outcome.model.fit(inputs, targets, epochs=1, verbose=0)
    after = [values_of(each) for each in outcome.model.trainable_variables]
    assert all(not np.array_equal(one, two) for one, two in zip(before, after, strict=True))


def test_a_loss_without_a_configuration_leaves_the_model_uncompiled_and_says_so() -> None:
    model = rich_model()
    model.compile("sgd", loss={"a": lambda y, p: keras.ops.mean(y - p), "b": "mse"})
    outcome = pruned(model)
    assert not outcome.model.compiled
    assert outcome.note is not None
    assert outcome.note.startswith("left uncompiled: ")
    assert "\n" not in outcome.note


class Mine(keras.Model):
    """A subclass that is used as a functional model."""


class Taking(keras.Sequential):
    """A subclass of Sequential that overrides the constructor."""

    def __init__(self, *, width: int) -> None:
        super().__init__([keras.Input((4,)), layers.Dense(width), layers.Dense(2)])


def test_a_model_keeps_its_class_where_its_constructor_is_the_usual_one() -> None:
    x = keras.Input((4,))
    assert type(pruned(Mine(x, layers.Dense(2)(layers.Dense(6)(x)))).model) is Mine
    assert type(pruned(Taking(width=6)).model) is keras.Sequential


def test_an_adapted_normalization_keeps_its_statistics() -> None:
    x = keras.Input((4,))
    normalization = layers.Normalization(name="adapted")
    normalization.adapt(np.random.default_rng(0).normal(3, 2, (50, 4)))
    model = keras.Model(x, layers.Dense(2)(layers.Dense(6)(normalization(x))))
    structure = walk(model, rule_for)
    same = cut(structure, Transform(np.ones(structure.classes.count, bool))).model
    inputs = batch(model)
    assert np.array_equal(outputs(same, inputs)[0], outputs(model, inputs)[0])


def test_a_lambda_keeps_its_function() -> None:
    x = keras.Input((4,))
    y = layers.Lambda(lambda t: t * 2, name="twice")(layers.Dense(6)(x))
    new = pruned(randomise(keras.Model(x, layers.Dense(2)(layers.Dense(5)(y))))).model
    assert new.get_layer("twice").function(3) == 6


class Nameless(layers.Layer):
    """A layer whose inferred configuration lacks the name, as its options are not called kwargs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def call(self, x: Any) -> Any:
        return keras.ops.tanh(x)


def test_a_name_that_is_not_in_the_configuration_is_kept() -> None:
    x = keras.Input((4,))
    y = Nameless(name="mine")(layers.Dense(6)(x))
    model = keras.Model(x, layers.Dense(2)(layers.Dense(5)(y)))
    assert "name" not in model.get_layer("mine").get_config()
    assert pruned(model).model.get_layer("mine").name == "mine"


def test_the_state_of_random_layers_is_kept() -> None:
    model = rich_model()
    model({"features": batch(model)[0]}, training=True)
    new = pruned(model).model
    states = [
        [values_of(each).tolist() for each in one.get_layer("drop").variables]
        for one in (model, new)
    ]
    assert states[0] == states[1]
    assert states[0]


def test_global_random_state_is_left_alone() -> None:
    model = rich_model()
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 # the global one is under test
    keras.random.normal((1,))  # makes Keras's own global generator
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 # as above
    expected = _tensorflow_draw(seed=5)
    tf.random.set_seed(5)
    pruned(model)
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002 # as above
    assert _tensorflow_next() == expected


def test_automatic_names_go_on_as_if_nothing_had_happened() -> None:
    model = rich_model()
    names = [layers.Dense(1).name, layers.Dropout(0.1).name]
    pruned(model)
    again = [layers.Dense(1).name, layers.Dropout(0.1).name]
    for before, after in zip(names, again, strict=True):
        assert _number(after) == _number(before) + 1


def _number(name: str) -> int:
    return int(name.rpartition("_")[2]) if name[-1].isdigit() else 0


def _tensorflow_next() -> list[float]:
    return tf.random.normal((3,)).numpy().tolist()


def _tensorflow_draw(seed: int) -> list[float]:
    tf.random.set_seed(seed)
    return _tensorflow_next()
