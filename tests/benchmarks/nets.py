"""Untrained models of a chosen size; what they compute does not matter to a clock."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def mlp(*widths: int) -> Any:
    """Return a plain network with these numbers of inputs, hidden units and outputs."""
    keras.utils.set_random_seed(0)
    inputs, *hidden, outputs = widths
    dense = [layers.Dense(width, activation="relu") for width in hidden]
    return keras.Sequential([keras.Input((inputs,)), *dense, layers.Dense(outputs)])


def residual(blocks: int, channels: int = 16) -> Any:
    """Return a convolutional network with batch normalisation and residual blocks."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3))
    tensor = layers.Conv2D(channels, 3, padding="same")(image)
    for _ in range(blocks):
        inner = layers.Conv2D(channels, 3, padding="same", use_bias=False)(tensor)
        inner = layers.ReLU()(layers.BatchNormalization()(inner))
        inner = layers.Conv2D(channels, 3, padding="same", use_bias=False)(inner)
        tensor = layers.ReLU()(layers.Add()([tensor, layers.BatchNormalization()(inner)]))
    features = layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(image, layers.Dense(10)(features))
