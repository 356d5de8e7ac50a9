"""Models with broken weights are refused by layer; huge ones are pruned like others."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import PaodingError, PruningError
from pytest_paoding.records.strategy_names import NAMES

each_strategy = pytest.mark.parametrize("strategy", NAMES)


def mlp():
    stack = [layers.Dense(8, "relu", name="first"), layers.Dense(6, "relu", name="second")]
    return keras.Sequential([keras.Input((4,)), *stack, layers.Dense(3, name="head")])


def set_all(weight, value):
    weight.assign(np.full(weight.shape, value))


@each_strategy
@pytest.mark.parametrize("value", (np.nan, np.inf))
def test_weights_that_are_not_finite_name_their_layer(strategy, value):
    model = mlp()
    set_all(model.get_layer("second").kernel, value)
    with pytest.raises(PruningError) as caught:
        prune(model, ratio=0.5, strategy=strategy)
    assert str(caught.value) == (
        "layer 'second' has 48 weights that are not finite: train or load the model again"
    )


@each_strategy
def test_a_class_that_is_ruled_out_does_not_break_a_model(strategy):
    model = mlp()
    model.get_layer("head").bias.assign([0.0, -np.inf, 0.0])
    pruned = prune(model, ratio=0.5, strategy=strategy)
    assert pruned.model.count_params() < model.count_params()
    outputs = np.asarray(pruned.model(np.ones((2, 4), "float32")))
    assert np.isfinite(outputs[:, [0, 2]]).all()
    assert (outputs[:, 1] == -np.inf).all()


@pytest.mark.parametrize("strategy", ("saliency", "impact", "stochastic"))
def test_weights_whose_products_overflow_make_pairs_all_the_same(strategy):
    """An infinite saliency was no pair, and the search went on for ever."""
    model = mlp()
    for layer in model.layers:
        set_all(layer.kernel, 1e30)
        layer.kernel.assign(layer.kernel * np.arange(1, layer.units + 1, dtype="float32"))
    try:
        pruned = prune(model, ratio=0.5, strategy=strategy)
    except PaodingError as error:
        assert "is not finite, where that of the original is" in str(error)  # noqa: PT017 # either end is right
    else:
        assert [layer.units for layer in pruned.model.layers] == [4, 3, 3]


def test_inputs_that_overflow_are_refused_where_inputs_are_read():
    model = mlp()
    set_all(model.get_layer("first").kernel, 1e30)
    with pytest.raises(PaodingError, match="layer 'second' reads values that are not finite"):
        prune(model, ratio=0.5, strategy="reconstruct")
    assert prune(model, ratio=0.5, strategy="magnitude").model.layers[0].units == 4
