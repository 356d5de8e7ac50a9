"""Models that are unsure of most that they see: what they learned tells little of the answer."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits


def table() -> tuple[Any, Any, tuple[float, float]]:
    """Return a model of a table that tells little of the answer, other rows, and their range."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(2400, 20)).astype("float32")
    y = 0.15 * x[:, :6].sum(axis=1) + 0.3 * x[:, 0] * x[:, 1] + generator.normal(size=2400) > 0
    hidden = [layers.Dense(32, "relu"), layers.Dense(32, "relu")]
    return _fitted([*hidden, layers.Dense(1, "sigmoid")], x, y, 4), x[1200:], (-4.0, 4.0)


def pictures() -> tuple[Any, Any, tuple[float, float]]:
    """Return a model of digits of which four in ten have any label, other digits, their range."""
    x, y = load_digits(return_X_y=True)
    x, generator = (x / 16).astype("float32"), np.random.default_rng(0)
    y = np.where(generator.random(len(y)) < 0.4, generator.integers(0, 10, len(y)), y)
    hidden = [layers.Dense(64, "relu"), layers.Dense(48, "relu")]
    return _fitted([*hidden, layers.Dense(10, "softmax")], x, y, 10), x[1200:], (0.0, 1.0)


def _fitted(stack: list[Any], x: Any, y: Any, epochs: int) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(x.shape[1:]), *stack])
    single = stack[-1].units == 1
    loss = "binary_crossentropy" if single else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(2e-3), loss)
    model.fit(x[:1200], y[:1200], epochs=epochs, batch_size=32, verbose=0)
    return model


UNSURE_NETS = {"weak-table": cache(table), "noisy-digits": cache(pictures)}
"""Each returns a model, inputs it was not trained on, and their range."""
