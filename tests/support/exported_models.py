"""Models that are exported, with inputs for them."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


def image_model() -> keras.Model:
    """Convolutions with a residual connection, batch normalisation with statistics of its own."""
    image = keras.Input((8, 8, 1), name="image")
    first = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    second = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(first))
    flat = layers.Flatten()(layers.MaxPooling2D()(layers.Add()([first, second])))
    model = keras.Model(image, layers.Dense(5, activation="softmax", name="kind")(flat))
    norm = next(each for each in model.layers if isinstance(each, layers.BatchNormalization))
    generator = np.random.default_rng(1)
    norm.set_weights([generator.uniform(0.5, 1.5, 8).astype("float32") for _ in range(4)])
    return model


def two_ways_model() -> keras.Model:
    """Two inputs and two outputs, in dicts whose order is not that of the names."""
    right, left = keras.Input((4,), name="right"), keras.Input((3,), name="left")
    both = layers.Concatenate()([right, layers.Dense(4, activation="relu")(left)])
    outputs = {
        "size": layers.Dense(3, activation="softmax", name="size")(both),
        "kind": layers.Dense(1, activation="sigmoid", name="kind")(both),
    }
    return keras.Model({"right": right, "left": left}, outputs)


def token_model() -> keras.Model:
    """A model of integer inputs."""
    ids = keras.Input((6,), dtype="int32", name="ids")
    vectors = layers.GlobalAveragePooling1D()(layers.Embedding(20, 8)(ids))
    return keras.Model(ids, layers.Dense(3, activation="softmax")(vectors))


def recurrent_model() -> keras.Model:
    return keras.Sequential(
        [keras.Input((5, 3)), layers.LSTM(8), layers.Dense(3, activation="softmax")]
    )


def logit_model() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(1)])


MODELS = {
    "image": image_model,
    "two-ways": two_ways_model,
    "token": token_model,
    "recurrent": recurrent_model,
    "logit": logit_model,
}


def inputs_for(model: keras.Model, count: int = 40) -> list[np.ndarray]:
    """Return legal inputs, in the order of the model's inputs."""
    generator = np.random.default_rng(0)
    return [
        generator.integers(0, 20, (count, *tensor.shape[1:])).astype(tensor.dtype)
        if "int" in tensor.dtype
        else generator.random((count, *tensor.shape[1:])).astype(tensor.dtype)
        for tensor in model.inputs
    ]
