"""Constants in the graph, which are cut like weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from support.patterns.registry import conv, head, pattern


@pattern(6, mergeable=False)
def shifted_by_a_constant() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(6)(x) + np.arange(6.0)
    return keras.Model(x, head(ops.tanh(y)))


@pattern(6, mergeable=False, varied=True)
def positions_are_a_constant() -> Any:
    """Position codes (time, width) are cut along the width."""
    x = keras.Input((5, 3))
    codes = np.random.default_rng(0).standard_normal((5, 6))
    y = ops.add(codes, layers.Dense(6)(x))
    return keras.Model(x, head(layers.Flatten()(ops.sin(y))))


@pattern(5, mergeable=False)
def constant_of_full_rank() -> Any:
    x = keras.Input((4, 4, 3))
    scale = ops.convert_to_tensor(np.linspace(1, 2, 5).reshape(1, 1, 1, 5))
    y = ops.multiply(conv(5)(x), scale)
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(y)))


@pattern(5)
def constant_of_all_lengths_one() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(5)(x) * np.array([[2.0]])
    return keras.Model(x, head(ops.maximum(y, np.float64(-0.5))))


@pattern(4)
def constant_for_the_whole_batch() -> Any:
    """Values that differ along the batch are not weights: units that meet them stay."""
    x = keras.Input(batch_shape=(3, 4))
    y = layers.Dense(4, activation="tanh")(x)
    z = layers.Dense(6)(y) + np.arange(18.0).reshape(3, 6)
    return keras.Model(x, head(z))


@pattern(5)
def product_with_a_constant() -> Any:
    """A matrix in the graph sums over the second layer, which stays."""
    x = keras.Input((4,))
    y = layers.Dense(4)(layers.Dense(5, activation="tanh")(x))
    return keras.Model(x, head(ops.matmul(y, np.ones((4, 6)))))


@pattern(5)
def width_that_is_a_constants() -> Any:
    """One unit broadcast over a constant's width stays, as does the width, which no layer makes."""
    x = keras.Input((4,))
    y = layers.Dense(1)(layers.Dense(5, activation="tanh")(x))
    return keras.Model(x, head(y * np.arange(6.0)))
