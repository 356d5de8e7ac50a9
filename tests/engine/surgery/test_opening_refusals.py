"""Subclassed models that no graph can stand for are refused, with the line of their code."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from pytest_paoding import prune
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PruningError
from support.subclassed_models import FEATURES, Block, Plain, Two

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).name


class Branching(Two):
    """Python branches on values."""

    def call(self, x: Any) -> Any:
        x = self.first(x)
        if ops.mean(x) > 100:  # here
            x = 2 * x
        return self.last(x)


class Looping(Two):
    """Python loops over values."""

    def call(self, x: Any) -> Any:
        return self.last(ops.stack([2 * each for each in self.first(x)]))  # here


class WithNumPy(Two):
    """NumPy works on values."""

    def call(self, x: Any) -> Any:
        return self.last(np.maximum(self.first(x), 0))  # here


class WithTensorFlow(Two):
    """A function of TensorFlow that Keras has no like of."""

    def call(self, x: Any) -> Any:
        return self.last(tf.math.bessel_i0(self.first(x)))  # here


class Scaled(Two):
    """A weight of the model's own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = self.add_weight(shape=(8,), name="scale")

    def call(self, x: Any) -> Any:
        return self.last(self.first(x) * self.scale)  # here


class Within(Two):
    """The fault is in a model within."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Branching()

    def call(self, x: Any) -> Any:
        return self.last(self.inner(x))


class Unknown(Two):
    """The batch is asked for, to draw for each sample."""

    def call(self, x: Any) -> Any:
        return self.last(self.first(x) + ops.zeros((ops.shape(x)[0], 8)))  # here


def line_of(model: type) -> int:
    lines, first = inspect.getsourcelines(model)
    return first + next(number for number, line in enumerate(lines) if "# here" in line)


REMEDIES = {
    Branching: "Python cannot branch on values: use keras.ops.where or keras.ops.cond",
    Looping: "Python cannot loop over values",
    WithNumPy: "NumPy cannot work on what a model computes: use keras.ops",
    WithTensorFlow: "this function of TensorFlow is not known here: use one of keras.ops",
    Scaled: "the weight 'scale' is read outside of a layer: put it into a layer",
    Unknown: "a length is not known",
}


@pytest.mark.parametrize("kind", REMEDIES, ids=lambda each: each.__name__)
def test_the_layer_and_the_line_are_named(kind: type) -> None:
    model = kind()
    model(ops.convert_to_tensor(FEATURES))
    with pytest.raises(PruningError) as caught:
        prune(model, ratio=0.5, strategy="magnitude")
    said = str(caught.value)
    assert f"layer {model.name!r} at {HERE}:{line_of(kind)}: {REMEDIES[kind]}" in said
    assert "\n" not in said


def test_a_fault_within_is_named_by_the_model_it_is_in() -> None:
    model = Within()
    model(ops.convert_to_tensor(FEATURES))
    inner = model.inner.name
    with pytest.raises(PruningError, match=f"layer '{inner}' at {HERE}:{line_of(Branching)}"):
        opened(model)


class Read(Two):
    """A weight is worked on before it meets what is computed, and would become a constant."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function
        self.rate = self.add_weight(shape=(8,), name="rate")

    def call(self, x: Any) -> Any:
        return self.last(self.first(x) * ops.exp(self.function(self)))


def test_a_weight_that_would_become_a_constant_is_found_and_named() -> None:
    own, tied = Read(lambda model: model.rate), Read(lambda model: model.first.kernel[0])
    for model, name in ((own, "rate"), (tied, "kernel")):
        model(ops.convert_to_tensor(FEATURES))
        with pytest.raises(PruningError, match=rf"the weight '.*/{name}' is read outside"):
            opened(model)


class Random(Two):
    """What is drawn at random outside of a layer would become a constant."""

    def call(self, x: Any) -> Any:
        return self.last(self.first(x) + np.random.default_rng().normal(size=8).astype(self.dtype))


class Remembering(Two):
    """What is computed depends on how often it was."""

    times = 0

    def call(self, x: Any) -> Any:
        self.times += 1
        return self.last(self.first(x)) * self.times


@pytest.mark.parametrize("kind", (Random, Remembering))
def test_a_model_that_computes_something_else_each_time_is_refused(kind: type) -> None:
    model = kind()
    model(ops.convert_to_tensor(FEATURES))
    with pytest.raises(PruningError, match="computes something else"):
        opened(model)


def test_a_model_of_which_nothing_is_known_is_refused_with_a_way_out() -> None:
    with pytest.raises(PruningError, match="call it once on data, or give input_shape") as caught:
        prune(Plain(), ratio=0.5)
    assert "nothing is known of its inputs" in str(caught.value)


def test_a_shape_that_does_not_fit_is_refused() -> None:
    model = Plain()
    model(ops.convert_to_tensor(FEATURES))
    with pytest.raises(PruningError, match=r"input_shape \(5, 5\) does not fit the input 'x'"):
        opened(model, input_shape=(5, 5))


class Composed(layers.Layer):
    """A layer made of others that cannot be run on symbolic tensors."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(8)

    def call(self, x: Any) -> Any:
        x = self.inner(x)
        return x if x.shape[0] is not None and x.shape[0] > 10**6 else tf.math.bessel_i0(x)


class Holding(Two):
    """Such a layer among others."""

    def __init__(self) -> None:
        super().__init__()
        self.composed = Composed()

    def call(self, x: Any) -> Any:
        return self.last(self.composed(self.first(x)))


def test_a_composed_layer_that_cannot_be_opened_stays_whole() -> None:
    model = Holding()
    model(ops.convert_to_tensor(FEATURES))
    found = opened(model)
    assert any(isinstance(layer, Composed) for layer in found.model.layers)
    assert "stays whole" in found.notes[-1]
    assert HERE in found.notes[-1]


class UnknownBlock(Block):
    """A block that Keras can call on symbolic tensors, but whose code cannot be recorded."""

    def call(self, x: Any, training: bool | None = None) -> Any:
        return tf.math.bessel_i0(super().call(x))


def test_a_functional_model_keeps_whole_what_it_holds_and_cannot_be_opened() -> None:
    x = keras.Input((5,))
    model = keras.Model(x, layers.Dense(3)(UnknownBlock(6)(layers.Dense(6)(x))))
    assert opened(model).model is model
    assert opened(model).notes[0].startswith("left whole: ")
