"""Python logic that a recording does not see is found, and never opened as equal."""

from __future__ import annotations

import contextlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from pytest_paoding import prune
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PruningError
from support.subclassed_models import FEATURES, Two

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).name


class Scaling(Two):
    """What a function makes of the input comes before the layers."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return super().call(self.function(x))


def called(model: Any, data: Any = FEATURES) -> Any:
    model(ops.convert_to_tensor(data))
    return model


def swallowed_bool(x: Any) -> Any:
    with contextlib.suppress(Exception):
        if ops.max(x) > 1e6:  # here
            x = x / 255
    return x


def swallowed_float(x: Any) -> Any:
    try:
        large = float(ops.max(x)) > 1e6  # here
    except ValueError:
        large = False
    return x / 255 if large else x


def swallowed_int(x: Any) -> Any:
    with contextlib.suppress(ValueError):
        x = x / (1 + int(ops.max(x)) // 10**6)  # here
    return x


def swallowed_len(x: Any) -> Any:
    with contextlib.suppress(TypeError):
        x = x / (1 + len(x) // 10**6)  # here
    return x


def swallowed_index(x: Any) -> Any:
    with contextlib.suppress(TypeError):
        for _ in range(ops.cast(ops.max(x) / 1e6, "int32")):  # here
            x = x / 255
    return x


def swallowed_loop(x: Any) -> Any:
    with contextlib.suppress(NotImplementedError):
        for row in x:  # here
            if row.shape[0] > 10**6:
                return x / 255
    return x


def swallowed_array(x: Any) -> Any:
    with contextlib.suppress(Exception):
        if np.max(x) > 1e6:  # here
            x = x / 255
    return x


def swallowed_conversion(x: Any) -> Any:
    with contextlib.suppress(Exception):
        if ops.convert_to_numpy(x).max() > 1e6:  # here
            x = x / 255
    return x


def swallowed_tensorflow(x: Any) -> Any:
    with contextlib.suppress(Exception):
        x = tf.math.bessel_i0(x) - tf.math.bessel_i0(x) + x  # here
    return x


def swallowed_operation(x: Any) -> Any:
    with contextlib.suppress(Exception):
        x = ops.stack([each for each in ops.unstack(x) if each.shape[0]])  # here
    return x


def asked_for(x: Any) -> Any:
    if hasattr(x, "numpy") and x.numpy().max() > 1e6:  # here
        x = x / 255
    return x


def asked_with_default(x: Any) -> Any:
    read = getattr(x, "numpy", None)  # here
    return x / 255 if read is not None and read().max() > 1e6 else x


SWALLOWED = (
    *(swallowed_bool, swallowed_float, swallowed_int, swallowed_len, swallowed_index),
    *(swallowed_loop, swallowed_array, swallowed_conversion, swallowed_tensorflow),
    *(swallowed_operation, asked_for, asked_with_default),
)


def line_of(function: Any) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if "# here" in line)


@pytest.mark.parametrize("function", SWALLOWED, ids=lambda each: each.__name__)
def test_a_read_that_code_swallows_is_refused_with_its_line(function: Any) -> None:
    model = called(Scaling(function))
    with pytest.raises(PruningError) as caught:
        opened(model)
    assert f"{HERE}:{line_of(function)}: " in str(caught.value)
    assert "\n" not in str(caught.value)


class Block(layers.Layer):
    """A layer made of others, whose code swallows a read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Dense(5)

    def call(self, x: Any) -> Any:
        return self.inner(swallowed_bool(x))


class Around(Two):
    """A model that holds it."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block()

    def call(self, x: Any) -> Any:
        return super().call(self.block(x))


def test_a_layer_that_swallows_a_read_stays_whole_and_computes_the_same() -> None:
    model = called(Around())
    found = opened(model)
    assert f"stays whole: {HERE}:{line_of(swallowed_bool)}" in found.notes[-1]
    large = ops.convert_to_tensor(1e7 * np.abs(FEATURES))
    np.testing.assert_allclose(found.model(large), model(large), rtol=1e-4)


def test_what_is_tried_and_never_read_is_no_fault() -> None:
    def harmless(x: Any) -> Any:
        with contextlib.suppress(KeyError):
            return {}["scale"] * x
        return tf.nn.relu(x) if getattr(x, "no_such_attribute", True) else x

    assert opened(called(Scaling(harmless))).model.count_params() > 0


def test_equality_is_that_of_values() -> None:
    model = called(Scaling(lambda x: x + 100 * ops.cast(x == 0, x.dtype)))
    found = opened(model).model
    zeros = ops.zeros((3, 5))
    np.testing.assert_allclose(found(zeros), model(zeros), rtol=1e-6)
    assert float(ops.max(ops.abs(found(zeros) - model.last(model.first(zeros))))) > 1e-3


def test_symbolic_tensors_are_as_before() -> None:
    before = dict(vars(keras.KerasTensor)), dict(vars(keras.Variable))
    opened(called(Two()))
    with pytest.raises(PruningError):
        opened(called(Scaling(swallowed_bool)))
    assert (dict(vars(keras.KerasTensor)), dict(vars(keras.Variable))) == before
    one, two = keras.Input((3,)), keras.Input((3,))
    assert (one == two) is False
    assert not hasattr(one, "__len__")


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.sampled_from((1, 2, 3, 5, 16, 32, 33, 64)), st.sampled_from((int.__eq__, int.__ge__)))
def test_logic_on_the_size_of_the_batch_is_refused(size: int, compare: Any) -> None:
    def function(x: Any) -> Any:
        batch = x.shape[0] or 0
        return 2 * x if compare(batch, size) else x

    model = called(Scaling(function), FEATURES[:4])
    with pytest.raises(PruningError, match="as a graph it computes something else"):
        opened(model)


LOGIC: dict[str, Callable[[Any], Any]] = {
    "zeros": lambda values: not values.any(),
    "ones": lambda values: (values == 1).all(),
    "whole numbers": lambda values: (values == values.round()).all() and values.max() > 1,
    "pictures of bytes": lambda values: values.max() > 2,
    "negative values": lambda values: (values < 0).all(),
    "some below -1": lambda values: values.min() < -1,
    "large values": lambda values: np.abs(values).max() > 1000,
    "tiny values": lambda values: 0 < np.abs(values).max() < 1e-5,
}


@pytest.mark.parametrize("name", LOGIC)
def test_logic_on_values_is_refused_though_nothing_is_read_while_recorded(name: str) -> None:
    def function(x: Any) -> Any:
        if tf.is_tensor(x) and LOGIC[name](x.numpy()):
            return 3 * x + 7
        return x

    with pytest.raises(PruningError, match="as a graph it computes something else"):
        opened(called(Scaling(function)))


class Lengths(keras.Model):
    """Sequences of any length, and what a function makes of them."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function
        self.conv, self.last = layers.Conv1D(6, 3, padding="same"), layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.last(ops.mean(self.conv(self.function(x)), axis=1))


@pytest.mark.parametrize(
    "logic", (lambda n: n == 1, lambda n: n % 2 == 1, lambda n: n > 40, lambda n: 1 < n < 20)
)
def test_logic_on_open_lengths_is_refused(logic: Any) -> None:
    data = [np.ones((2, length, 3), "float32") for length in (24, 30)]
    model = called(Lengths(lambda x: 5 * x if logic(x.shape[1] or 32) else x), data[0])
    with pytest.raises(PruningError, match="as a graph it computes something else on lengths of"):
        opened(model, data=lambda: (data[1], None))
    plain = called(Lengths(lambda x: x), data[0])
    assert opened(plain, data=lambda: (data[1], None)).model.input_shape == (None, None, 3)


def test_what_the_original_does_not_take_is_no_fault() -> None:
    def picky(x: Any) -> Any:
        if tf.is_tensor(x) and (len(x) == 1 or x.numpy().max() > 5):
            raise ValueError("not for me")
        return x

    assert opened(called(Scaling(picky))).model.count_params() > 0


def test_rounding_of_large_values_is_no_fault() -> None:
    model = called(Scaling(lambda x: 1e3 * tf.math.l2_normalize(ops.exp(x / 1e3), axis=-1)))
    assert opened(model).model.count_params() > 0


def halved(x: Any, y: Any) -> Any:
    return ops.cond(ops.sum(x) > 3.0, lambda: y / 2, lambda: y)


def where(x: Any, y: Any) -> Any:
    return ops.where(ops.sum(x) > 3.0, y / 2, y)


def nested(x: Any, y: Any) -> Any:
    return ops.cond(ops.max(x) > 0.5, lambda: halved(x, y), lambda: -y)


class Choosing(Two):
    """A choice by values, as remedies advise."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.last(self.function(x, self.first(x)))


@pytest.mark.parametrize("function", (halved, where, nested))
def test_choices_that_remedies_advise_are_opened_and_pruned(function: Any) -> None:
    model = called(Choosing(function))
    pruned = prune(model, ratio=0.5, strategy="magnitude", verify=True)
    assert pruned.model.count_params() < model.count_params()
    found = opened(model).model
    for data in (FEATURES, np.abs(FEATURES), np.zeros((2, 5), "float32")):
        np.testing.assert_allclose(found(data), model(data), rtol=1e-5, atol=1e-6)


def looped(x: Any) -> Any:
    return ops.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, h * 1.5), (0, x))[1]


def test_a_loop_that_begins_with_a_number_is_recorded() -> None:
    model = called(Scaling(looped))
    np.testing.assert_allclose(opened(model).model(FEATURES), model(FEATURES), rtol=1e-5, atol=1e-6)
