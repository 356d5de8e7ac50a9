"""Digests of models, and files of older formats."""

from __future__ import annotations

import json
import random

import h5py
import keras
import numpy as np
import pytest

from pytest_paoding.engine.keras_io.digest import digest
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.errors import ModelFileError
from support.saved_models import (
    X,
    layers,
    same,
    sequential,
)


def test_the_digest_tells_architecture_and_weights_and_nothing_else():
    def build(units=3, name="out"):
        keras.utils.set_random_seed(1)
        stack = [keras.Input((4,), name="x"), layers.Dense(units, name=name)]
        return keras.Sequential(stack, name="m")

    model = build()
    first = digest(model)
    assert first.startswith("sha256:")
    assert len(first) == 71
    assert digest(build()) == first
    model.compile("adam", "mse")
    assert digest(model) == first
    assert digest(build(units=2)) != first
    assert digest(build(name="other")) != first
    kernel = model.layers[0].kernel
    kernel.assign(np.nextafter(kernel.numpy(), 1))
    assert digest(model) != first


def test_weights_of_any_dtype_and_shape_have_a_digest():
    for dtype in ("float16", "bfloat16", "float64", "int8"):
        layer = layers.Layer(name="holder")
        layer.add_weight(shape=(), dtype=dtype, initializer="ones")
        layer.add_weight(shape=(0, 2), dtype=dtype, initializer="ones")
        model = keras.Sequential([keras.Input((2,)), layer], name="m")
        assert digest(model) == digest(model)


@pytest.fixture
def hdf5(tmp_path):
    """Save a model as Keras 2 did, with the keys that Keras 3 no longer knows."""

    def save(model, **extra):
        path = tmp_path / "model.h5"
        model.save(path)
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            for layer in config["config"]["layers"]:
                layer["config"].update(extra.get(layer["class_name"], {}))
            file.attrs["model_config"] = json.dumps(config)
        return path

    return save


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("layer", "extra"),
    (
        (lambda: layers.DepthwiseConv2D(3), {"groups": 1}),
        (lambda: layers.SeparableConv2D(4, 3), {"groups": 1}),
        (lambda: layers.Conv2DTranspose(4, 3), {"groups": 1}),
        (lambda: layers.TimeDistributed(layers.Dense(2)), {}),
    ),
)
def test_a_legacy_file_is_read_with_plain_layers(hdf5, layer, extra):
    made = layer()
    model = keras.Sequential([keras.Input((8, 8, 3)), made, layers.Flatten(), layers.Dense(2)])
    model.compile("adam", "mse")
    path = hdf5(model, **{type(made).__name__: extra})
    found = load_model(path)
    assert same(found, model)
    assert not found.compiled
    assert type(found.layers[0]) is type(made)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", (layers.LSTM, layers.GRU, layers.SimpleRNN))
def test_a_legacy_recurrent_file_is_read(hdf5, kind):
    model = keras.Sequential([keras.Input((5, 3)), kind(4), layers.Dense(2)])
    found = load_model(hdf5(model, **{kind.__name__: {"time_major": False}}))
    assert type(found.layers[0]) is kind
    x = X[:, 0, :5]
    np.testing.assert_array_equal(found(x), model(x))
    with pytest.raises(ModelFileError, match=r"cannot be loaded: .*time_major"):
        load_model(hdf5(model, **{kind.__name__: {"time_major": True}}))


def test_loading_and_saving_leave_the_random_state_alone(tmp_path):
    def drawn():
        return [random.random(), float(np.random.rand())]  # noqa: NPY002 # the global ones are meant

    keras.utils.set_random_seed(3)
    expected = drawn()
    model = sequential()
    keras.utils.set_random_seed(3)
    save_model(model, tmp_path / "model.keras")
    load_model(tmp_path / "model.keras")
    digest(model)
    assert drawn() == expected
