"""The five networks, untrained."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from clinic import forms, glucose


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


def forms_unet() -> keras.Model:
    """Return a small U-Net: cuttings (24, 24, 1) to probabilities of three classes everywhere."""
    image = keras.Input((forms.SIDE, forms.SIDE, 1), name="image")
    fine = _block(image, 16, "fine")
    middle = _block(layers.MaxPooling2D(name="fine_pool")(fine), 24, "middle")
    coarse = _block(layers.MaxPooling2D(name="middle_pool")(middle), 32, "coarse")
    middle = _block(_joined(coarse, middle, "middle"), 24, "middle_up")
    fine = _block(_joined(middle, fine, "fine"), 16, "fine_up")
    kind = layers.Conv2D(3, 1, activation="softmax", name="kind")(fine)
    return keras.Model(image, kind, name="forms_unet")


def glucose_gru() -> keras.Model:
    """Return causal convolutions and a GRU: three hours (36, 1) to the next half hour (6,).

    It looks at the distance of every reading from the last one and tells how far the next ones will
    be from it, so that it need not learn any curve once for every level.
    """
    past = keras.Input((glucose.PAST, 1), name="past")
    last = layers.Cropping1D((glucose.PAST - 1, 0), name="last")(past)
    shape = layers.Subtract(name="shape")([past, last])
    for index, (channels, width) in enumerate([(24, 5), (32, 3)], start=1):
        shape = layers.Conv1D(
            channels, width, 2, padding="causal", activation="relu", name=f"trend_{index}"
        )(shape)
    state = layers.GRU(32, name="state")(shape)
    hidden = layers.Dense(32, activation="relu", name="hidden")(state)
    change = layers.Dense(glucose.FUTURE, name="change")(hidden)
    future = layers.Add(name="future")([change, layers.Flatten(name="level")(last)])
    return keras.Model(past, future, name="glucose_gru")


def _joined(coarse: Any, fine: Any, name: str) -> Any:
    """Return what a coarse level found, spread over a finer one, beside what that one found."""
    spread = layers.UpSampling2D(name=f"{name}_spread")(coarse)
    return layers.Concatenate(name=f"{name}_join")([spread, fine])


def _block(tensor: Any, channels: int, name: str) -> Any:
    return layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(tensor)


def _convolution(tensor: Any, channels: int, name: str) -> Any:
    """Return a 3x3 convolution with batch normalisation, which makes a bias of its own idle."""
    tensor = layers.Conv2D(channels, 3, padding="same", use_bias=False, name=name)(tensor)
    return layers.BatchNormalization(name=f"{name}_norm")(tensor)
