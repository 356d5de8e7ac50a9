"""The three networks, untrained."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def digits_cnn() -> keras.Model:
    """Return a small residual network: images (8, 8, 1) to ten probabilities."""
    image = keras.Input((8, 8, 1), name="image")
    stem = layers.ReLU(name="stem_relu")(_convolution(image, 32, "stem"))
    inner = layers.ReLU(name="block_relu_1")(_convolution(stem, 32, "block_conv_1"))
    inner = _convolution(inner, 32, "block_conv_2")
    joined = layers.ReLU(name="block_relu_2")(layers.Add(name="block_add")([stem, inner]))
    pooled = layers.MaxPooling2D(name="pool")(joined)
    wide = layers.ReLU(name="wide_relu")(_convolution(pooled, 64, "wide"))
    features = layers.Flatten(name="features")(wide)
    hidden = layers.Dense(64, activation="relu", name="hidden")(features)
    digit = layers.Dense(10, activation="softmax", name="digit")(hidden)
    return keras.Model(image, digit, name="digits_cnn")


def digits_mlp() -> keras.Model:
    """Return a plain network: rows of 64 pixels to ten probabilities."""
    return keras.Sequential(
        [
            keras.Input((64,), name="pixels"),
            layers.Dense(128, activation="relu", name="hidden_1"),
            layers.Dense(128, activation="relu", name="hidden_2"),
            layers.Dense(64, activation="relu", name="hidden_3"),
            layers.Dense(10, activation="softmax", name="digit"),
        ],
        name="digits_mlp",
    )


def cancer_mlp() -> keras.Model:
    """Return a plain network: 30 scaled measurements to the probability of malignancy."""
    return keras.Sequential(
        [
            keras.Input((30,), name="measurements"),
            layers.Dense(64, activation="relu", name="hidden_1"),
            layers.Dense(64, activation="relu", name="hidden_2"),
            layers.Dense(1, activation="sigmoid", name="malignant"),
        ],
        name="cancer_mlp",
    )


def _convolution(tensor: Any, channels: int, name: str) -> Any:
    """Return a 3x3 convolution with batch normalisation, which makes a bias of its own idle."""
    tensor = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=name)(tensor)
    return layers.BatchNormalization(name=f"{name}_norm")(tensor)
