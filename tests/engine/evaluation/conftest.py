"""Small classifiers that are really trained, on data that ships with scikit-learn."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits


@pytest.fixture(scope="session")
def digits():
    """Digits of 8 x 8 pixels in [0, 1], shape (samples, 8, 8, 1), and their classes."""
    pixels, classes = load_digits(return_X_y=True)
    return pixels.reshape(-1, 8, 8, 1).astype("float32") / 16, classes


@pytest.fixture(scope="session")
def digits_mlp(digits):
    """A softmax classifier of digits, about 98 % right."""
    return trained(mlp(32), digits, "sparse_categorical_crossentropy", epochs=12)


@pytest.fixture(scope="session")
def narrow_mlp(digits):
    """Another one, worse: what pruning might leave."""
    return trained(mlp(6), digits, "sparse_categorical_crossentropy", epochs=8)


@pytest.fixture(scope="session")
def digits_cnn(digits):
    """A convolutional classifier with batch normalisation, as a Functional model."""
    inputs = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Activation("softmax")(keras.layers.Dense(10)(x))
    model = keras.Model(inputs, outputs)
    return trained(model, digits, "sparse_categorical_crossentropy", epochs=3)


@pytest.fixture(scope="session")
def tumours():
    """Thirty features in [0, 1] and whether a tumour is benign."""
    features, benign = load_breast_cancer(return_X_y=True)
    low, high = features.min(axis=0), features.max(axis=0)
    return ((features - low) / (high - low)).astype("float32"), benign


@pytest.fixture(scope="session")
def tumour_mlp(tumours):
    """A classifier with one sigmoid unit."""
    layers = [
        keras.Input((30,), name="features"),
        keras.layers.Dense(16, "relu"),
        keras.layers.Dense(1, "sigmoid", name="benign"),
    ]
    return trained(keras.Sequential(layers), tumours, "binary_crossentropy", epochs=12)


@pytest.fixture
def samples(digits):
    """The first digits, few enough for a test that runs many times."""
    images, classes = digits
    return images[:60], classes[:60]


def mlp(width):
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            keras.layers.Flatten(),
            keras.layers.Dense(width, "relu", name="hidden"),
            keras.layers.Dense(10, "softmax", name="digit"),
        ]
    )


def trained(model, data, loss, epochs):
    generator = np.random.default_rng(3)
    for weight in model.trainable_weights:
        weight.assign(generator.normal(0, 0.1, weight.shape))
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(*data, epochs=epochs, batch_size=64, shuffle=False, verbose=0)
    return model


@pytest.fixture(params=("digits_mlp", "digits_cnn", "tumour_mlp"))
def victim(request, digits, tumours):
    """A trained model and samples of its data."""
    x, y = tumours if request.param == "tumour_mlp" else digits
    return request.getfixturevalue(request.param), x[:40], y[:40]
