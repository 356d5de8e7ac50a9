"""Functions of TensorFlow on symbolic tensors give what they give on values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.util import dispatch

from pytest_paoding.engine.surgery.opening.batch_sizes import reshaped
from pytest_paoding.engine.surgery.opening.tensorflow_calls import tensorflow_on_symbols

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES = np.random.default_rng(0).uniform(0.1, 2, (2, 4, 4, 6))
EDGES = [[0, 0], [1, 1], [2, 0], [0, 0]]

CALLS: dict[str, Callable[[Any], Any]] = {
    **{
        name: getattr(tf.math, name)
        for name in (
            *("abs", "cos", "erf", "exp", "floor", "log", "log1p", "log_sigmoid", "negative"),
            *("reciprocal", "rsqrt", "sigmoid", "sign", "sin", "softplus", "sqrt", "square"),
            "tanh",
        )
    },
    **{
        name: getattr(tf.nn, name)
        for name in ("elu", "gelu", "relu", "relu6", "selu", "silu", "softsign", "softmax")
    },
    "add": lambda x: tf.add(x, 1.5),
    "argmax": lambda x: tf.argmax(x, axis=-1),
    "avg_pool": lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
    "cast": lambda x: tf.cast(x, tf.int32),
    "clip": lambda x: tf.clip_by_value(x, 0.5, 1.0),
    "concat": lambda x: tf.concat([x, x], axis=-1),
    "constant first": lambda x: tf.constant(2.0, x.dtype) - x,
    "convert_to_tensor": tf.convert_to_tensor,
    "convert_to_tensor of another dtype": lambda x: keras.ops.convert_to_tensor(x, "float64"),
    "convert_to_tensor of several": lambda x: tf.convert_to_tensor([x, x]),
    "divide": lambda x: tf.divide(x, 3.0),
    "einsum": lambda x: tf.einsum("bijk,bijl->bkl", x, x),
    "expand_dims": lambda x: tf.expand_dims(x, 1),
    "gather": lambda x: tf.gather(x, [2, 0], axis=1),
    "identity": tf.identity,
    "l2_normalize": lambda x: tf.nn.l2_normalize(x, axis=-1),
    "leaky_relu": lambda x: tf.nn.leaky_relu(x - 1, alpha=0.3),
    "leaky_relu of usual slope": lambda x: tf.nn.leaky_relu(x - 1),
    "log_softmax": lambda x: tf.nn.log_softmax(x, axis=2),
    "matmul": lambda x: tf.matmul(x, x, transpose_b=True),
    "max_pool": lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    "maximum": lambda x: tf.maximum(x, 1.0),
    "minimum": lambda x: tf.minimum(x, 1.0),
    "multiply": lambda x: tf.multiply(x, x),
    "one_hot": lambda x: tf.one_hot(tf.cast(x, tf.int32), 3),
    "ones_like": tf.ones_like,
    "pad": lambda x: tf.pad(x, EDGES),
    "pad with ones": lambda x: tf.pad(x, EDGES, constant_values=1),
    "pad by reflection": lambda x: tf.pad(x, EDGES, mode="REFLECT"),
    "pow": lambda x: tf.pow(x, 2.0),
    "reduce_max": lambda x: tf.reduce_max(x, [1, 2]),
    "reduce_mean": lambda x: tf.reduce_mean(x, axis=-1, keepdims=True),
    "reduce_min": lambda x: tf.reduce_min(x, 1),
    "reduce_prod": lambda x: tf.math.reduce_prod(x, -1),
    "reduce_sum": lambda x: tf.reduce_sum(x, axis=(1, 2)),
    "reshape": lambda x: tf.reshape(x, [-1, 16, 6]),
    "reshape to the batch": lambda x: tf.reshape(x, [tf.shape(x)[0], -1]),
    "resize": lambda x: tf.image.resize(x, [7, 5]),
    "resize to the nearest": lambda x: tf.image.resize(x, (8, 8), method="nearest"),
    "split": lambda x: tf.split(x, 3, axis=-1)[1],
    "split by sizes": lambda x: tf.split(x, [1, 2, 3], axis=-1)[2],
    "squeeze": lambda x: tf.squeeze(x[:, :1], 1),
    "stack": lambda x: tf.stack([x, x], axis=2),
    "subtract": lambda x: tf.subtract(x, 1.0),
    "tile": lambda x: tf.tile(x, [1, 2, 1, 1]),
    "transpose": lambda x: tf.transpose(x, [0, 3, 1, 2]),
    "unstack": lambda x: tf.unstack(x, axis=1)[3],
    "where": lambda x: tf.where(x > 1, x, -x),
    "zeros_like": tf.zeros_like,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_function_gives_what_it_gives_on_values(name: str) -> None:
    symbol = keras.Input(VALUES.shape[1:], dtype="float64")
    with tensorflow_on_symbols():
        found = CALLS[name](symbol)
    expected = np.asarray(CALLS[name](tf.constant(VALUES)))
    values = np.asarray(keras.Function(symbol, found)(VALUES))
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "call",
    (tf.math.bessel_i0, lambda x: tf.gather(x, [[0], [1]], axis=1, batch_dims=1)),
    ids=("function", "option"),
)
def test_what_the_table_does_not_know_is_refused_as_ever(call: Any) -> None:
    with (
        tensorflow_on_symbols(),
        pytest.raises((ValueError, TypeError, NotImplementedError)),
    ):
        call(keras.Input((4, 4, 6)))


def test_nothing_is_left_behind() -> None:
    before = list(dispatch._GLOBAL_DISPATCHERS)
    with tensorflow_on_symbols():
        assert len(dispatch._GLOBAL_DISPATCHERS) == len(before) + 1
    assert before == dispatch._GLOBAL_DISPATCHERS
    with pytest.raises(ValueError, match="KerasTensor"):
        tf.nn.relu(keras.Input((3,)))


@pytest.mark.parametrize(
    ("shape", "wanted", "found"),
    (
        ((None, 3, 4), (None, 12), (-1, 12)),
        ((None, 3, 4), (None, -1), (-1, 12)),
        ((None, 3, 4), (None, -1, 2), (-1, 6, 2)),
        ((None, None, 4), (None, -1, 2), (None, -1, 2)),
        ((None, 3, 4), (-1, 12), (-1, 12)),
    ),
)
def test_the_lengths_that_a_reshape_means(shape: Any, wanted: Any, found: Any) -> None:
    assert reshaped(shape, wanted) == found
