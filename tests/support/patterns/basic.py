"""Chains, branches and merges of the most usual layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from support.patterns.registry import conv, head, pattern


@pattern(6, 5)
def sequential_conv_flatten() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            conv(6, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(5, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pattern(4)
def flatten_batchnorm() -> Any:
    x = keras.Input((4, 4, 2))
    y = layers.Flatten()(conv(4, activation="relu")(x))
    return keras.Model(x, head(layers.BatchNormalization()(y)))


@pattern(6)
def residual() -> Any:
    x = keras.Input((6, 6, 3))
    y = conv(6)(x)
    for _ in range(2):
        z = layers.ReLU()(layers.BatchNormalization()(conv(6)(y)))
        y = layers.Add()([y, z])
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(y)))


@pattern(3, 3, varied=True)
def concat_then_add() -> Any:
    """Two producers are coupled to one through an offset, which splits that one's units."""
    x = keras.Input((5, 5, 3))
    y = layers.Concatenate()([conv(3)(x), conv(3)(x)])
    z = conv(6, activation="tanh")(y)
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(layers.Add()([y, z]))))


@pattern(5)
def concat_with_itself() -> Any:
    x = keras.Input((4, 4, 2))
    y = conv(5, activation="relu")(x)
    return keras.Model(x, head(layers.Flatten()(layers.Concatenate()([y, y]))))


@pattern(8, 4, varied=True)
def squeeze_and_excite() -> Any:
    x = keras.Input((6, 6, 3))
    y = conv(8)(x)
    s = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(y))
    s = layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(4, 1, activation="relu")(s))
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(layers.Multiply()([s, y]))))


@pattern(8)
def spatial_gate() -> Any:
    """The gate's one channel is spread over all: it must not glue them together."""
    x = keras.Input((6, 6, 3))
    y = conv(8)(x)
    gate = conv(1, activation="sigmoid")(y)
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(layers.Multiply()([gate, y]))))


@pattern(4, 6, varied=True)
def depthwise_multiplier() -> Any:
    x = keras.Input((6, 6, 3))
    y = conv(4)(x)
    y = layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu")(y)
    return keras.Model(x, head(layers.Flatten()(conv(6)(y))))


@pattern(4)
def permute_flatten() -> Any:
    x = keras.Input((3, 5, 2))
    y = layers.Permute((3, 1, 2))(conv(4, activation="relu")(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(6, 5, varied=True)
def decoder() -> Any:
    """Dense, Reshape, Conv: one channel is sixteen units of the dense layer."""
    x = keras.Input((7,))
    y = layers.Reshape((4, 4, 6))(layers.Dense(96, activation="relu")(x))
    return keras.Model(x, head(layers.Flatten()(conv(5)(y))))


@pattern(6, 5)
def dense_on_tokens() -> Any:
    x = keras.Input((4, 3))
    y = layers.Dense(5, activation="relu")(layers.Dense(6, activation="relu")(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(4, 5)
def one_dimension() -> Any:
    x = keras.Input((9, 2))
    y = layers.AveragePooling1D(2)(layers.Conv1D(4, 3, activation="relu")(x))
    y = layers.UpSampling1D()(layers.ZeroPadding1D(1)(y))
    y = layers.Cropping1D(1)(layers.Conv1D(5, 3)(y))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(3, 4)
def three_dimensions() -> Any:
    x = keras.Input((4, 4, 4, 2))
    y = layers.ZeroPadding3D(1)(layers.Conv3D(3, 3, strides=2, activation="relu")(x))
    y = layers.Conv3D(4, 1)(layers.UpSampling3D()(layers.Cropping3D(1)(y)))
    return keras.Model(x, head(layers.GlobalAveragePooling3D()(y)))


@pattern(5, 4, varied=True)
def prelu_of_both_kinds() -> Any:
    x = keras.Input((4, 4, 2))
    y = layers.PReLU(shared_axes=[1, 2])(conv(5)(x))
    y = layers.PReLU()(conv(4)(y))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(6, 6, varied=True)
def many_elementwise_layers() -> Any:
    x = keras.Input((4, 4, 3))
    y = layers.Rescaling(0.5, offset=-1)(conv(6, activation="silu")(x))
    y = layers.SpatialDropout2D(0.1)(layers.LeakyReLU()(layers.GaussianNoise(0.1)(y)))
    y = layers.Maximum()([layers.ELU()(y), layers.Activation("tanh")(y)])
    z = conv(6, activation="gelu")(layers.Cropping2D(1)(layers.ZeroPadding2D(1)(y)))
    y = layers.Average()([z, layers.Identity()(z), layers.Dropout(0.2)(z)])
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(layers.UpSampling2D()(y))))


@pattern(4)
def width_one() -> Any:
    """Nothing may be emptied: a layer of one unit, and a convolution of one filter, stay."""
    x = keras.Input((4, 4, 1))
    y = conv(1, activation="relu")(conv(4, activation="relu")(x))
    y = layers.Dense(1, activation="tanh")(layers.Flatten()(y))
    return keras.Model(x, head(y, 1))
