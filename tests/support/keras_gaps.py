"""What the Keras at hand cannot do by itself, found by trying it without this package."""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


@cache
def makes_layers_again_that_are_called_twice() -> bool:
    x, twice = keras.Input((6,)), layers.Dense(6)
    config = keras.Model(x, twice(ops.relu(twice(x)))).get_config()
    try:
        keras.Model.from_config(config)
    except ValueError:  # of Keras 3.5
        return False
    return True


@cache
def tells_how_many_bins() -> bool:
    """Whether the symbolic shape of one-hot bins is that of their values."""
    bins = layers.Discretization([1.0], output_mode="one_hot")
    return bool(bins(keras.Input((1,))).shape[1:] == bins(np.zeros((1, 1))).shape[1:])


@cache
def loads_weights_of_words() -> bool:
    words = layers.StringLookup(output_mode="tf_idf")
    words.adapt(tf.constant([["red"], ["green"]]))
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder) / "words.keras"
        keras.Sequential([keras.Input((1,), dtype="string"), words]).save(file)
        try:
            keras.models.load_model(file)
        except ValueError:  # of Keras 3.5
            return False
    return True
