"""Saving and loading good models."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.engine.keras_io.digest import digest
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.errors import ModelFileError
from support.saved_models import (
    MODELS,
    X,
    fitted,
    functional,
    half,
    layers,
    same,
    sequential,
)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("train", (False, True))
def test_a_model_survives_the_way_through_a_file(tmp_path, kind, train):
    model = MODELS[kind]()
    if train:
        fitted(model)
    path = tmp_path / "model.keras"
    size = save_model(model, path)
    assert size == path.stat().st_size
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]
    for found in (load_model(path), keras.models.load_model(path)):
        assert type(found) is type(model)
        assert not found.compiled
        assert [each.name for each in found.layers] == [each.name for each in model.layers]
        assert found.name == model.name
        assert same(found, model)
        assert digest(found) == digest(model)


def test_no_optimizer_is_saved_and_the_model_keeps_its_own(tmp_path):
    model = sequential()
    plain = save_model(model, tmp_path / "plain.keras")
    fitted(model)
    slots = [each.numpy() for each in model.optimizer.variables]
    before = dict(model.__dict__)
    assert save_model(model, tmp_path / "trained.keras") == plain
    assert model.compiled
    assert model.__dict__ == before
    for old, new in zip(slots, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
    with zipfile.ZipFile(tmp_path / "trained.keras") as archive:
        assert "compile_config" not in json.loads(archive.read("config.json"))
        with archive.open("model.weights.h5") as member, h5py.File(member) as weights:
            assert "optimizer" not in weights


def test_what_nested_models_were_trained_with_is_left_out(tmp_path):
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(4)])

    def whole():
        return keras.Sequential([keras.Input((8, 8, 3)), inner, layers.Dense(2, name="out")])

    plain = save_model(whole(), tmp_path / "plain.keras")
    fitted(inner)
    model = whole()
    assert abs(save_model(model, tmp_path / "trained.keras") - plain) < 0.1 * plain
    with zipfile.ZipFile(tmp_path / "trained.keras") as archive:
        assert b'"compile_config"' not in archive.read("config.json")
        with archive.open("model.weights.h5") as member, h5py.File(member) as weights:
            names = []
            weights.visit(names.append)
            assert not [name for name in names if "optimizer" in name]
    found = keras.models.load_model(tmp_path / "trained.keras")
    assert same(found, model)
    assert not found.layers[0].compiled


def test_a_layer_that_is_called_optimizer_stays(tmp_path):
    @keras.saving.register_keras_serializable("test_model_files")
    class Owner(layers.Layer):
        def build(self, shape):
            self.optimizer = layers.Dense(3)
            self.optimizer.build(shape)

        def call(self, inputs):
            return self.optimizer(inputs)

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), Owner()])
    save_model(fitted(model), tmp_path / "model.keras")
    assert same(load_model(tmp_path / "model.keras"), model)


def test_vocabularies_are_saved_beside_the_weights(tmp_path):
    words = keras.Input((1,), dtype="string")
    lookup = layers.StringLookup(output_mode="one_hot")
    lookup.adapt(tf.constant(["one", "two"]))
    model = keras.Model(words, layers.Dense(2)(lookup(words)))
    save_model(model, tmp_path / "model.keras")
    x = tf.constant([["two"], ["three"]])
    np.testing.assert_array_equal(load_model(tmp_path / "model.keras")(x), model(x))


class Loss:
    """Has no configuration, so Keras cannot save what is compiled with it."""

    def __call__(self, truth, predicted):
        return keras.ops.mean((truth - predicted) ** 2, axis=-1)


def test_a_loss_that_cannot_be_saved_hinders_nothing(tmp_path):
    model = half()
    model.compile("adam", loss=Loss())
    save_model(model, tmp_path / "model.keras")
    assert digest(load_model(tmp_path / "model.keras")) == digest(model)
    assert isinstance(model.loss, Loss)


@pytest.mark.filterwarnings("ignore")
def test_a_loss_that_cannot_be_loaded_hinders_nothing(tmp_path):
    @keras.saving.register_keras_serializable("test_model_files")
    class Gone(keras.losses.Loss):
        def call(self, truth, predicted):
            return truth - predicted

    model = half()
    model.compile("adam", Gone())
    model.save(tmp_path / "model.keras")
    keras.saving.get_custom_objects().pop("test_model_files>Gone")
    found = load_model(tmp_path / "model.keras")
    assert not found.compiled
    assert same(found, model)


def test_a_model_gives_the_same_bytes_whenever_it_is_saved(tmp_path):
    model = fitted(functional())
    save_model(model, tmp_path / "first.keras")
    for name in ("loaded", "again"):
        save_model(load_model(tmp_path / "first.keras"), tmp_path / f"{name}.keras")
        time.sleep(1.1)  # two of these: the clock of a zip archive ticks every two seconds
    save_model(model, tmp_path / "second.keras")
    first, loaded, again, second = (
        (tmp_path / f"{name}.keras").read_bytes() for name in ("first", "loaded", "again", "second")
    )
    assert first == second
    assert loaded == again


def test_a_published_model_loads_in_a_process_without_this_package(tmp_path):
    model = fitted(sequential())
    save_model(model, tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", model(X, training=False))
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.models.load_model('model.keras')\n"
        "y = model(np.load('x.npy'), training=False)\n"
        "assert np.array_equal(y, np.load('y.npy'))\n"
        "assert not [name for name in sys.modules if 'paoding' in name]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_a_file_is_replaced_only_when_the_new_one_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    path.write_bytes(b"precious")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keras.saving, "save_model", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(half(), path)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    save_model(half(), path)
    assert load_model(path).name == "half"


def test_a_folder_that_is_missing_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        save_model(half(), tmp_path / "no" / "model.keras")


class Closed(layers.Layer):
    """Has a constructor that its configuration does not tell."""

    def __init__(self, secret):
        super().__init__(name="closed")
        self.secret = secret

    def call(self, inputs):
        return inputs


def test_a_model_without_a_configuration_is_refused_in_one_line(tmp_path):
    model = keras.Sequential([keras.Input((2,)), Closed(object())], name="shut")
    for use in (digest, lambda each: save_model(each, tmp_path / "model.keras")):
        with pytest.raises(ModelFileError, match=r"model 'shut' cannot be ") as caught:
            use(model)
        assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
