"""Names that Keras takes and TensorFlow does not: such models are judged and exported as others."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.exporting.serving import serving_function
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.pruning.pruner import prune

NAMES = (
    "a b",
    "a:b",
    "\u00fc",
    "a\\b",
    "a\nb",
    "\x1b[2J::error::%s",
    "x" * 5000,
)
X = np.random.default_rng(0).random((40, 6)).astype("float32")
DATA = (X, np.arange(40) % 3)


def net(name):
    """Return a model in which everything but the input has a name, a nested model too."""
    keras.utils.set_random_seed(3)
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(8, "relu")], name=f"{name}2")
    stack = [layers.Dense(8, "relu", name=name), inner, layers.Dense(3, "softmax", name="out")]
    return keras.Sequential([keras.Input((6,)), *stack], name=f"{name}1")


def measured(name):
    """Return what pruning a model costs, its outputs as it is served, and its layers' names."""
    model = net(name)
    pruned = prune(model, strategy="impact", ratio=0.5, input_range=(0, 1)).model
    found = evaluate(model, pruned, DATA, epsilons=(0.05,), input_range=(0, 1))
    served = serving_function(pruned)(X)
    assert (model.name, model.layers[0].name) == (f"{name}1", name)
    return {key: each.found for key, each in found.items()}, next(iter(served.values()))


@pytest.fixture(scope="module")
def usual():
    return measured("usual")


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_judged_and_served_as_others(usual, name):
    found, served = measured(name)
    assert found == usual[0]
    np.testing.assert_array_equal(served, usual[1])


@pytest.mark.parametrize("name", NAMES[::2])
def test_they_stay_in_the_file(tmp_path, name):
    pruned = prune(net(name), strategy="impact", ratio=0.5, input_range=(0, 1)).model
    save_model(pruned, tmp_path / "net.keras")
    assert load_model(tmp_path / "net.keras").layers[0].name == name
