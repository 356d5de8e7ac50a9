"""Small models with random weights, for the tests of pruning."""

from __future__ import annotations

import keras
import numpy as np

layers = keras.layers


def randomised(model, seed=0):
    """Give every weight, statistics included, a random value of a sensible size."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(size=variable.shape)
        if "variance" in variable.path:
            values = np.abs(values) + 0.5
        elif len(variable.shape) > 1:
            values /= np.sqrt(np.prod(variable.shape[:-1]))
        variable.assign(values)
    return model


def mlp(*widths, inputs=7, outputs=3, activation="relu", seed=0, **options):
    hidden = [layers.Dense(width, activation, **options) for width in widths]
    return randomised(
        keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(outputs)]), seed
    )


def cnn(seed=0):
    return randomised(
        keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Rescaling(2.0, offset=-1.0),
                layers.Conv2D(6, 3, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.MaxPooling2D(),
                layers.Conv2D(8, 3, activation="relu"),
                layers.AveragePooling2D(2),
                layers.Flatten(),
                layers.Dense(12, activation="relu"),
                layers.Dropout(0.3),
                layers.Dense(10, activation="tanh"),
                layers.Dense(4, activation="softmax"),
            ]
        ),
        seed,
    )


def residual(seed=0):
    inputs = keras.Input((6, 6, 2))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.DepthwiseConv2D(3)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return randomised(keras.Model(inputs, layers.Dense(3)(x)), seed)


def branched(seed=0):
    """Two inputs, two outputs, a shared layer, a concatenation and a norm between dense layers."""
    left, right = keras.Input((5,), name="left"), keras.Input((5,), name="right")
    shared = layers.Dense(8, activation="relu", name="shared")
    a, b = shared(left), shared(right)
    x = layers.Concatenate()([a, b])
    x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(9)(x)))
    y = layers.Dense(6, activation="silu")(layers.Subtract()([a, b]))
    outputs = [
        layers.Dense(2, name="first")(x),
        layers.Dense(3, name="second", activation="sigmoid")(layers.Concatenate()([x, y])),
    ]
    return randomised(keras.Model([left, right], outputs), seed)


def normed(activation):
    """A net whose normalisation has recorded noise unlike any synthetic input."""
    model = keras.Sequential(
        [
            keras.Input((9, 9, 1)),
            layers.Conv2D(5, 3),
            *activation,
            layers.BatchNormalization(name="norm"),
            layers.Flatten(),
            layers.Dense(4),
            layers.Softmax(),
        ]
    )
    randomised(model, 3)
    real = np.random.default_rng(5).beta(0.3, 0.6, (300, 9, 9, 1)).astype("float32")
    front = keras.Model(model.inputs[0], model.get_layer("norm").input)
    seen = np.asarray(front(real)).reshape(-1, 5)
    model.get_layer("norm").moving_mean.assign(seen.mean(axis=0))
    model.get_layer("norm").moving_variance.assign(seen.var(axis=0))
    return model


BUILDERS = (lambda: mlp(12, 10, 8), cnn, residual, branched)


def before_activation(model, inputs):
    """Return the outputs of a model before the activation of its last layers."""
    last = [each._keras_history.operation for each in model.outputs]
    kept = [layer.activation for layer in last]
    for layer in last:
        layer.activation = keras.activations.linear
    if isinstance(inputs, list) and len(inputs) == 1:
        inputs = inputs[0]
    found = keras.tree.flatten(model(inputs))
    for layer, activation in zip(last, kept, strict=True):
        layer.activation = activation
    return np.concatenate([np.asarray(each).reshape(len(each), -1) for each in found], axis=1)


def inputs_of(model, count, seed=0):
    """Return uniform values for every input of a model."""
    generator = np.random.default_rng(seed)
    return [
        generator.random((count, *each.shape[1:]), dtype="float32").astype(each.dtype)
        for each in model.inputs
    ]


def off(one, other, inputs):
    """Return the squared difference of the outputs of two models before their activation."""
    found = (before_activation(model, inputs) for model in (one, other))
    return np.square(np.subtract(*found)).mean()
