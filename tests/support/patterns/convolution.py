"""Convolutions of every kind, and layers that scale or normalise channels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from support.patterns.registry import conv, head, pattern


@pattern(4, 6, varied=True)
def separable_after_depthwise() -> Any:
    x = keras.Input((6, 6, 3))
    y = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False)(conv(4)(x))
    y = layers.SeparableConv2D(6, 3, depth_multiplier=2, activation="relu")(y)
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(y)))


@pattern(5, 4)
def separable_1d() -> Any:
    x = keras.Input((9, 3))
    y = layers.SeparableConv1D(4, 3, use_bias=False)(layers.SeparableConv1D(5, 3)(x))
    return keras.Model(x, head(layers.Flatten()(layers.DepthwiseConv1D(2)(y))))


@pattern(6, 5, 4)
def autoencoder() -> Any:
    """Transposed kernels hold filters before inputs; a skip is concatenated."""
    x = keras.Input((8, 8, 3))
    down = conv(6, strides=2, activation="relu")(x)
    low = conv(5, strides=2, activation="relu")(down)
    up = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(low)
    y = layers.Concatenate()([up, down])
    return keras.Model(x, layers.Conv2DTranspose(3, 3, strides=2, padding="same")(y))


@pattern(4, 5, 3)
def transposed_of_other_ranks() -> Any:
    x = keras.Input((5, 2))
    y = layers.Conv1DTranspose(4, 3, activation="tanh")(x)
    y = layers.Conv1D(5, 2)(y)
    y = layers.Reshape((6, 1, 1, 5))(y)
    y = layers.Conv3DTranspose(3, 2, use_bias=False)(y)
    return keras.Model(x, head(layers.GlobalAveragePooling3D()(y)))


@pattern(2, 3, seeds=1, varied=True)
def grouped() -> Any:
    """Four groups shrink alike: a unit is one channel of each."""
    x = keras.Input((6, 6, 3))
    y = conv(12, groups=4, activation="relu")(conv(8)(x))
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(y)))


@pattern(5, seeds=1)
def grouped_as_depthwise() -> Any:
    """One channel a group, two filters each: the filters go with their channel."""
    x = keras.Input((6, 6, 3))
    y = conv(10, groups=5, activation="relu")(conv(5)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(4, 3)
def channels_first() -> Any:
    """Pooling, padding, depthwise and BatchNormalization, which run channels first on a CPU."""
    x = keras.Input((4, 4, 3))
    y = layers.Permute((3, 1, 2))(conv(4)(x))
    y = layers.BatchNormalization(axis=1)(y)
    y = layers.ZeroPadding2D(1, data_format="channels_first")(y)
    y = layers.MaxPooling2D(2, data_format="channels_first")(y)
    y = layers.UpSampling2D(2, data_format="channels_first")(y)
    y = layers.Flatten(data_format="channels_first")(y)
    y = layers.Dense(3, activation="relu")(y)
    return keras.Model(x, head(y))


@pattern(4)
def channels_first_global() -> Any:
    x = keras.Input((4, 4, 3))
    y = layers.Permute((3, 1, 2))(conv(4)(x))
    y = layers.PReLU(shared_axes=[2, 3])(y)
    first = {"data_format": "channels_first"}
    y = layers.Concatenate()(
        [layers.GlobalAveragePooling2D(**first)(y), layers.GlobalMaxPooling2D(**first)(y)]
    )
    return keras.Model(x, head(y))


@pattern(6, 4)
def layer_norm_keeps_its_units() -> Any:
    """LayerNormalization pins the units it mixes: those of the second of three convolutions."""
    x = keras.Input((5, 5, 3))
    y = layers.LayerNormalization()(conv(5)(conv(6)(x)))
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(conv(4)(y))))


@pattern(5)
def layer_norm_over_space() -> Any:
    """Statistics over space mix no channels, so channels may leave."""
    x = keras.Input((4, 4, 3))
    y = layers.LayerNormalization(axis=(1, 2))(conv(5)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(4, varied=True)
def whole_groups_of_a_group_norm() -> Any:
    """Eight channels in four groups: a group computes its own statistics, and goes whole."""
    x = keras.Input((4, 4, 3))
    y = layers.GroupNormalization(4)(conv(8)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(6)
def instance_norm() -> Any:
    """A group for each channel: statistics over space only."""
    x = keras.Input((4, 4, 3))
    y = layers.GroupNormalization(-1)(conv(6)(x))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(5, since=(3, 15), varied=True)
def activation_layers_as_arguments() -> Any:
    """An activation that is a layer has weights of its own, inside the layer it belongs to."""
    x = keras.Input((4, 4, 3))
    y = conv(5, activation=layers.PReLU(shared_axes=[1, 2]))(x)
    y = layers.DepthwiseConv2D(2, activation=layers.LeakyReLU())(y)
    model = keras.Model(x, head(layers.Flatten()(y)))
    model(np.zeros((1, 4, 4, 3)))  # before, the inner layer has no weights
    return model


@pattern(6)
def softmax_inside() -> Any:
    """Units that add up to one stay: the second of two dense layers."""
    x = keras.Input((4,))
    y = layers.Dense(5, activation="softmax")(layers.Dense(6, activation="relu")(x))
    return keras.Model(x, head(y))


@pattern(4, 3, mergeable=False, varied=True)
def rescaled_channels() -> Any:
    """A scale and an offset for each channel, written in a layer's configuration."""
    x = keras.Input((4, 4, 2))
    y = layers.Rescaling([1.0, 2.0, 3.0, 4.0], offset=[0.1, 0.2, 0.3, 0.4])(conv(4)(x))
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(conv(3)(y))))
