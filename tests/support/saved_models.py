"""Models that are saved and loaded."""

from __future__ import annotations

import keras
import numpy as np

layers = keras.layers
X = np.random.default_rng(0).random((5, 8, 8, 3)).astype("float32")


class OwnModel(keras.Model):
    """A class of the user's, with a constructor of its own."""


keras.saving.register_keras_serializable("test_model_files")(OwnModel)


def sequential():
    norm = layers.Normalization(name="norm")
    norm.adapt(X)
    stack = [
        keras.Input((8, 8, 3), name="image"),
        norm,
        layers.Conv2D(4, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(3, "softmax", name="kind"),
    ]
    return keras.Sequential(stack, name="plain")


def functional(kind=keras.Model):
    image = keras.Input((8, 8, 3), name="image")
    trunk = keras.Sequential([keras.Input((8, 8, 3)), layers.SeparableConv2D(4, 3)], name="trunk")
    shared = layers.Conv2D(4, 1, name="shared")
    hidden = shared(shared(trunk(image)))
    pooled = layers.GlobalAveragePooling2D()(hidden)
    outputs = {"kind": layers.Dense(3, name="kind")(pooled), "hidden": pooled}
    return kind(image, outputs, name="branched")


def half():
    policy = keras.DTypePolicy("mixed_bfloat16")
    stack = [keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(3, dtype=policy)]
    return keras.Sequential(stack, name="half")


MODELS = {
    "sequential": sequential,
    "functional": functional,
    "own class": lambda: functional(OwnModel),
    "half": half,
}


def fitted(model):
    """Return the model as training leaves it: compiled, with an optimizer full of slots."""
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def same(left, right):
    outputs = [keras.tree.flatten(model(X, training=False)) for model in (left, right)]
    return all(np.array_equal(*pair) for pair in zip(*outputs, strict=True))
