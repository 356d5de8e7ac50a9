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
from keras import layers, ops

from pytest_paoding import prune
from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PruningError
from support.subclassed_models import FEATURES, TOKENS, Scaling, Two, called

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).name


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
    classes = keras.KerasTensor, KERAS_VARIABLE
    before = [dict(vars(each)) for each in classes]
    opened(called(Two()))
    with pytest.raises(PruningError):
        opened(called(Scaling(swallowed_bool)))
    assert [dict(vars(each)) for each in classes] == before
    one, two = keras.Input((3,)), keras.Input((3,))
    assert (one == two) is False
    assert not hasattr(one, "__len__")


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


class Tokens(keras.Model):
    """Tokens, whose code goes on without them if they are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.last = layers.Embedding(20, 6), layers.Dense(2)

    def call(self, x: Any) -> Any:
        try:
            y = self.embed(x)
        except Exception:  # noqa: BLE001 # as in code of users
            y = ops.ones((8, 7, 6))
        return self.last(ops.mean(y, axis=1))


def test_a_dtype_that_is_refused_first_is_found_though_code_swallows_it() -> None:
    model = called(Tokens(), TOKENS)
    found = opened(model).model
    assert found.inputs[0].dtype == "int32"
    np.testing.assert_allclose(found(TOKENS), model(TOKENS), rtol=1e-6)
