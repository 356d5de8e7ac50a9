"""A layer that is called by itself does what it does in its model at inference: it draws nothing.

Keras has some thirty layers that train unless they are told not to, and projects have their own.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.inference import run
from pytest_paoding.engine.inference_calls import called

OPTIONS = {
    "factor": 0.4,
    "height": 8,
    "width": 8,
    "height_factor": 0.4,
    "width_factor": 0.4,
    "max_number": 2,
}
NOT_OF_PICTURES = {"MaxNumBoundingBoxes", "Pipeline"}


def trains_by_default(kind: Any) -> bool:
    if not (inspect.isclass(kind) and issubclass(kind, layers.Layer)):
        return False
    training = inspect.signature(kind.call).parameters.get("training")
    return training is not None and training.default is True


AUGMENTING = sorted(
    name
    for name, kind in vars(layers).items()
    if trains_by_default(kind) and name not in NOT_OF_PICTURES
)


def made(name: str) -> Any:
    kind = getattr(layers, name)
    wanted = inspect.signature(kind).parameters.values()
    given = {each.name: OPTIONS[each.name] for each in wanted if each.name in OPTIONS}
    needed = {each.name for each in wanted if each.default is each.empty}
    given = {key: each for key, each in given.items() if key in needed}
    if name == "RandomPosterization":
        given = {"factor": 4}
    return kind(**given)


class Shaken(layers.Layer):
    """A project's own layer that trains by default."""

    def call(self, x: Any, training: bool = True) -> Any:  # noqa: FBT001, FBT002 # as Keras does
        return x + keras.random.normal(keras.ops.shape(x)) if training else x


class Holding(layers.Layer):
    """A project's own layer that says nothing of training to the one inside."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind, self.inner = kind, layer_of(kind)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}

    def call(self, x: Any) -> Any:
        return self.inner(x)


OTHERS: dict[str, Any] = {
    "own": Shaken,
    "within": lambda: Holding("own"),
    "deep": lambda: Holding("within"),
    "builtin": lambda: Holding("RandomTranslation"),
    "pipeline": lambda: layers.Pipeline([layers.RandomFlip(), layers.RandomContrast(0.4)]),
    "told": lambda: lambda x: layers.Dropout(0.5)(x, training=True),
    "nested": lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.RandomRotation(0.4)]),
}
if not hasattr(layers, "Pipeline"):
    del OTHERS["pipeline"]  # an older Keras


def layer_of(name: str) -> Any:
    return OTHERS[name]() if name in OTHERS else made(name)


def around(layer: Any) -> Any:
    x = inputs = keras.Input((8, 8, 3))
    x = layer(x)
    x = layers.Conv2D(4, 3, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))


@pytest.mark.parametrize("name", (*AUGMENTING, *OTHERS))
def test_call_by_call_a_model_computes_what_it_does_at_inference(name: str) -> None:
    model = around(layer_of(name))
    values = keras.ops.convert_to_tensor(np.random.default_rng(0).random((4, 8, 8, 3), "float32"))
    (expected,) = run(model, [values])
    (found,) = read_graph(model).run([values], lambda call, given: call.on(given))
    np.testing.assert_array_equal(found, expected)


def test_autocasting_is_left_to_each_layer() -> None:
    for policy in ("float32", "mixed_float16"):
        layer = Shaken(dtype=policy)
        assert called(layer, (keras.ops.ones((2, 5)),), {}).dtype == layer.compute_dtype


@pytest.mark.parametrize("name", ("RandomTranslation", "own", "within", "told"))
def test_a_model_is_pruned_as_if_nothing_augmented_its_inputs(name: str) -> None:
    """The same units go, and those that stay have the same weights, bit for bit."""
    augmented = around(layer_of(name))
    plain = around(layers.Identity())
    plain.set_weights([np.asarray(each) for each in augmented.trainable_weights])
    found, expected = (prune(each, ratio=0.5, effort=0.2).model for each in (augmented, plain))
    pairs = zip(found.trainable_weights, expected.trainable_weights, strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
