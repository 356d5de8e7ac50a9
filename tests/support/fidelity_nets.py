"""The kinds of networks that the fidelity benchmark prunes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable


def convolved(x: Any, filters: int, strides: int = 1, size: int = 3) -> Any:
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def mlp() -> keras.Model:
    widths = (128, 96, 64)
    hidden = [layers.Dense(width, "relu") for width in widths]
    return keras.Sequential([keras.Input((64,)), *hidden, layers.Dense(10, "softmax")])


def cnn() -> keras.Model:
    x = inputs = keras.Input((8, 8, 1))
    x = layers.ReLU()(convolved(x, 32))
    x = layers.ReLU()(convolved(x, 32))
    x = layers.MaxPooling2D()(x)
    x = layers.ReLU()(convolved(x, 64))
    x = layers.Dense(64, "relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def residual() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.ReLU()(convolved(inputs, 32))
    for filters, strides in ((32, 1), (64, 2), (64, 1)):
        y = layers.ReLU()(convolved(x, filters, strides))
        y = convolved(y, filters)
        shortcut = x if strides == 1 else convolved(x, filters, strides, size=1)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def depthwise() -> keras.Model:
    inputs = keras.Input((8, 8, 1))
    x = layers.ReLU(6.0)(convolved(inputs, 32))
    for filters, strides in ((64, 1), (96, 2), (96, 1), (96, 1)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.ReLU(6.0)(convolved(x, filters, size=1))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def cancer() -> keras.Model:
    hidden = [layers.Dense(64, "relu") for _ in range(2)]
    return keras.Sequential([keras.Input((30,)), *hidden, layers.Dense(1, "sigmoid")])


NETS: dict[str, Callable[[], keras.Model]] = {
    "digits-mlp": mlp,
    "digits-cnn": cnn,
    "digits-residual": residual,
    "digits-depthwise": depthwise,
    "cancer-mlp": cancer,
}


def grouped() -> keras.Model:
    """Return a CNN whose normalisations record nothing."""
    x = inputs = keras.Input((8, 8, 1))
    for filters, groups in ((32, 8), (32, 8), (64, 1)):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.GroupNormalization(groups)(x))
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(64, 3, padding="same")(x)
    x = layers.Activation("gelu")(layers.LayerNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def transformer() -> keras.Model:
    """Return two blocks of attention over the rows of a picture."""
    inputs = keras.Input((8, 8))
    x = layers.Dense(48)(inputs)
    x = layers.Add()([x, layers.Embedding(8, 48)(keras.ops.arange(8)[None])])
    for _ in range(2):
        normed = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(4, 12)(normed, normed)])
        y = layers.Dense(96, "gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(48)(y)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(10, "softmax")(x))


def lstm() -> keras.Model:
    return keras.Sequential(
        [keras.Input((8, 8)), layers.LSTM(64), layers.Dense(10, "softmax")],
    )


def gru() -> keras.Model:
    hidden = layers.GRU(64, return_sequences=True), layers.GRU(32)
    return keras.Sequential([keras.Input((8, 8)), *hidden, layers.Dense(10, "softmax")])


NORMALISED_OR_RECURRENT: dict[str, Callable[[], keras.Model]] = {
    "digits-groupnorm": grouped,
    "digits-transformer": transformer,
    "digits-lstm": lstm,
    "digits-gru": gru,
}
