"""Masks that layers hand on, and convolutions that look back only."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from support.patterns.registry import head, pattern


@pattern(6, 5)
def masked_pooling() -> Any:
    """A Sequential model gets its mask by an operation that has no name of its own."""
    return keras.Sequential(
        [
            keras.Input((7,), dtype="int32"),
            layers.Embedding(5, 6, mask_zero=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(5, "relu"),
            layers.Dense(3, name="head"),
        ]
    )


@pattern(4)
def masking_layer() -> Any:
    x = keras.Input((5, 3))
    return keras.Model(x, head(layers.LSTM(4)(layers.Masking()(x))))


@pattern(6, 4)
def masked_bidirectional() -> Any:
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(5, 6, mask_zero=True)(x)
    return keras.Model(x, head(layers.Bidirectional(layers.GRU(4))(y)))


@pattern(5, 4)
def masked_time_distributed() -> Any:
    x = keras.Input((5, 3))
    y = layers.TimeDistributed(layers.Dense(5, "relu"))(layers.Masking()(x))
    return keras.Model(x, head(layers.GRU(4)(y)))


@pattern(6, 5, 4)
def mask_into_a_nested_model() -> Any:
    """The mask goes in beside the values; an inner dense layer hands it on."""
    z = keras.Input((7, 6))
    inner = keras.Model(z, layers.LSTM(4)(layers.Dense(5, "relu")(z)), name="inner")
    x = keras.Input((7,), dtype="int32")
    return keras.Model(x, head(inner(layers.Embedding(5, 6, mask_zero=True)(x))))


@pattern(6, 5)
def causal_convolutions() -> Any:
    x = keras.Input((9, 3))
    y = layers.Conv1D(6, 3, padding="causal", activation="relu")(x)
    y = layers.Conv1D(5, 2, padding="causal", dilation_rate=2, activation="relu")(y)
    return keras.Model(x, head(layers.GlobalMaxPooling1D()(y)))
