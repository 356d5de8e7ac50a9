"""Files that are written, and cannot be loaded again or give another model."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.keras_io.own_objects import own_objects
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.surgery.read_back import require_same
from pytest_paoding.errors import ModelFileError

SHIFT = 1.0


class Untold(layers.Layer):
    """A layer with arguments that its configuration does not tell."""

    def __init__(self, factor=1.0, units=None, **options):
        super().__init__(**options)
        self.factor, self.units = factor, units

    def build(self, shape):
        if self.units:
            self.extra = self.add_weight(shape=(self.units,), name="extra")
        super().build(shape)

    def call(self, x):
        return x * self.factor

    def get_config(self):  # without its own, Keras would tell the arguments itself
        return super().get_config() | {"factor": 1.0, "units": None}


class Told(Untold):
    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "units": self.units}


class Doubling(keras.regularizers.Regularizer):
    def __call__(self, x):
        return keras.ops.sum(2 * x)

    def get_config(self):
        return {}


class Noisy(layers.Layer):
    """Random at inference, too."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seeds)


def swish_of_one(x):
    return x * keras.ops.sigmoid(x)


def stacked(*middle, size=6):
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((size,)), *middle, layers.Dense(3)])


def nested_twice():
    """A model that is called within another one, and beside it."""
    keras.utils.set_random_seed(3)
    x = keras.Input((12,))
    a = keras.Sequential([keras.Input((12,)), layers.Dense(12), layers.Dense(12)], name="a")
    b = keras.Model(x, a(x) + layers.Dense(12)(x), name="b")
    c = keras.Model(x, b(x), name="c")
    y = keras.Input((10,))
    return keras.Model(y, layers.Dense(3)(b(c(layers.Dense(12)(y)))))


SOUND = {
    "plain": lambda: stacked(layers.Dense(4, "relu"), layers.BatchNormalization()),
    "not registered": lambda: stacked(Told(2.0, 5), layers.Dense(4, activation=swish_of_one)),
    "regularizer": lambda: stacked(layers.Dense(4, kernel_regularizer=Doubling())),
    "in a wrapper": lambda: keras.Sequential(
        [keras.Input((4, 3)), layers.TimeDistributed(Told(2.0, 3)), layers.LSTM(2)]
    ),
    "lambda": lambda: stacked(layers.Lambda(lambda x: x * 2)),
    "function": lambda: stacked(layers.Lambda(swish_of_one)),
    "random": lambda: stacked(Noisy()),
    "dropout": lambda: stacked(layers.Dropout(0.5, seed=1)),
    "stateful": lambda: keras.Sequential(
        [keras.Input(batch_shape=(2, 4, 3)), layers.GRU(3, stateful=True)]
    ),
    "bfloat16": lambda: stacked(layers.Dense(4, dtype="bfloat16")),
    "lengths open": lambda: keras.Sequential(
        [keras.Input((None, 3)), layers.Conv1D(4, 3), layers.GlobalMaxPooling1D()]
    ),
    "words": lambda: keras.Sequential(
        [
            keras.Input((), dtype="string"),
            layers.StringLookup(vocabulary=["a", "b"]),
            layers.Embedding(3, 2),
        ]
    ),
    "not finite": lambda: stacked(layers.Rescaling(float("nan"))),
}

BROKEN = {
    "nested twice": (nested_twice, "cannot be loaded: Layer 'dense"),
    "other outputs": (lambda: stacked(Untold(2.0)), "computes something else (off by"),
    "weights missing": (lambda: stacked(Untold(units=4)), "cannot be loaded"),
    "global of a lambda": (lambda: stacked(layers.Lambda(lambda x: x + SHIFT)), "'SHIFT'"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_loads_as_the_same_passes_and_the_model_is_as_it_was(name, tmp_path):
    model, file = SOUND[name](), tmp_path / "model.keras"
    save_model(model, file)
    before = [values_of(each) for each in model.variables]
    require_same(model, file)
    assert all(map(np.array_equal, before, map(values_of, model.variables)))


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_is_told_without_the_path(name, tmp_path):
    build, message = BROKEN[name]
    model, file = build(), tmp_path / "model.keras"
    save_model(model, file)
    with pytest.raises(ModelFileError) as refused:
        KerasEngine().read_back(model, file)
    assert message in str(refused.value)
    assert str(tmp_path) not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_of_other_weights_is_told(tmp_path):
    model, file = SOUND["plain"](), tmp_path / "model.keras"
    save_model(model, file)
    model.layers[0].bias.assign(np.full(4, 0.5))
    with pytest.raises(ModelFileError, match="other weights than were saved"):
        require_same(model, file)


def test_a_model_whose_inputs_cannot_be_run_is_held_to_its_weights(tmp_path):
    ids = keras.Input((2,), dtype="int32")
    picked = keras.ops.take(np.zeros(3, "float32"), keras.ops.reshape(ids, (-1, 3)))
    model, file = keras.Model(ids, picked), tmp_path / "model.keras"
    save_model(model, file)
    require_same(model, file)  # two samples of two make no rows of three


def test_own_objects_are_those_outside_of_keras():
    model = SOUND["not registered"]()
    assert own_objects(model) == {"Told": Told, "swish_of_one": swish_of_one}
    assert own_objects(SOUND["regularizer"]()) == {"Doubling": Doubling}
    assert own_objects(SOUND["in a wrapper"]()) == {"Told": Told}
    assert own_objects(SOUND["plain"]()) == {}
