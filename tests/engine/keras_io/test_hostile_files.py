"""Files that hold code, or ask for absurd sizes."""

from __future__ import annotations

import json

import h5py
import keras
import numpy as np
import pytest

from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from support.bad_files import forged, layer, layers, refused


def with_lambda(tmp_path, name):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Lambda(lambda x: x * 2, name="twice")(inputs))
    path = tmp_path / name
    model.save(path)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ("code.keras", "code.h5"))
def test_a_lambda_is_code(tmp_path, name):
    refused(
        with_lambda(tmp_path, name), "'twice' holds a Python lambda, code that loading would run"
    )


@pytest.mark.filterwarnings("ignore")
def test_a_lambda_of_keras_2_is_code(tmp_path):
    path = with_lambda(tmp_path, "code.h5")
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        inner = layer(config, "twice")["config"]
        inner["function"] = ["4wEAAAA=", None, None]
        inner["function_type"] = "lambda"
        file.attrs["model_config"] = json.dumps(config)
    refused(path, "'twice' holds a Python lambda")


def test_a_lambda_hidden_in_an_activation_is_code(tmp_path, sound):
    def config(value):
        layer(value, "hidden")["config"]["activation"] = {
            "class_name": "__lambda__",
            "config": {"value": "4wEAAAA="},
        }

    refused(forged(sound, tmp_path / "code.keras", config=config), "'hidden' holds a Python lambda")


def test_a_class_nobody_registered_is_named(tmp_path, sound):
    def config(value):
        layer(value, "hidden").update(
            module="mine.layers", class_name="Mine", registered_name="mine>Mine"
        )

    path = forged(sound, tmp_path / "own.keras", config=config)
    refused(path, "needs the class 'mine>Mine', which is not known here: import the module")


@pytest.mark.parametrize("units", (10**9, 10**15))
def test_absurd_sizes_are_refused_before_anything_is_allocated(tmp_path, sound, units):
    def config(value):
        layer(value, "hidden")["config"]["units"] = units

    path = forged(sound, tmp_path / "absurd.keras", config=config)
    refused(path, f"layer 'hidden' declares a weight of shape (4, {units}), but the file stores 67")


def test_absurd_sizes_behind_a_reshape_are_refused(tmp_path):
    stack = [keras.Input((4,)), layers.RepeatVector(2, name="r"), layers.Flatten(), layers.Dense(3)]
    good = tmp_path / "good.keras"
    save_model(keras.Sequential(stack), good)

    def config(value):
        layer(value, "r")["config"]["n"] = 10**9
        for each in value["config"]["layers"]:
            each.pop("build_config", None)

    refused(forged(good, tmp_path / "absurd.keras", config=config), "declares a weight of shape (4")


def test_many_layers_that_are_each_acceptable_add_up(tmp_path, sound):
    def config(value):
        hidden = layer(value, "hidden")
        hidden["config"]["units"] = 1000
        for number in range(9):
            copy = json.loads(json.dumps(hidden))
            copy["config"]["name"] = f"more_{number}"
            copy["build_config"] = {"input_shape": [None, 1000]}
            value["config"]["layers"].insert(-1, copy)

    path = forged(sound, tmp_path / "many.keras", config=config)
    refused(path, "declares a weight of shape (1000, 1000), but the file stores 67 values in all")


def test_the_guard_is_gone_afterwards(tmp_path, sound):
    before = keras.layers.Layer.add_weight
    test_absurd_sizes_are_refused_before_anything_is_allocated(tmp_path, sound, 10**9)
    load_model(sound)
    assert keras.layers.Layer.add_weight is before


def test_nothing_of_a_refused_file_remains(tmp_path, sound):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 # the global generator is meant
    test_absurd_sizes_are_refused_before_anything_is_allocated(tmp_path, sound, 10**9)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002 # as above
    assert [each.name for each in tmp_path.iterdir()] == ["absurd.keras"]
