"""Logic on batches, values and lengths is found where both models run on inputs that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PruningError
from support.subclassed_models import FEATURES, Scaling, called

if TYPE_CHECKING:
    from collections.abc import Callable


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


def test_logic_on_whole_numbers_is_refused() -> None:
    def function(x: Any) -> Any:
        y = ops.cast(x, "float32")
        return 2 * y if tf.is_tensor(x) and x.numpy().min() < 0 else y

    data = np.arange(40, dtype="int32").reshape(8, 5)
    with pytest.raises(PruningError, match="something else on negative values"):
        opened(called(Scaling(function), data), data=lambda: (data, None))


def test_a_graph_that_fails_where_the_original_works_is_refused() -> None:
    def in_pairs(x: Any) -> Any:
        odd = tf.is_tensor(x) and x.shape[0] % 2 == 1
        return x if odd else ops.reshape(x, (-1, 2, 5))[:, 0]

    with pytest.raises(PruningError, match="on a batch of 1 it works, and as a graph it fails"):
        opened(called(Scaling(in_pairs)))
