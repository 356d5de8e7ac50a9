"""The bound of the output shift holds for every input, and is undefined where nothing is known."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.engine.evaluation.shift import output_shift

layers = keras.layers
ROUNDING = 1e-4  # float32, of outputs of a few units


def network(seed: int, widths: list[int], activation: str, *, norm: bool) -> keras.Model:
    keras.utils.set_random_seed(seed)
    x = inputs = keras.Input((3, 2))
    x = layers.Flatten()(layers.Rescaling(0.5, 0.1)(x))
    for width in widths:
        x = layers.Dense(width)(x)
        if norm:
            x = layers.BatchNormalization(
                moving_mean_initializer=keras.initializers.RandomNormal(seed=seed)
            )(x)
        x = layers.Dropout(0.2)(layers.Activation(activation)(x))
    return keras.Model(inputs, layers.Dense(3, "softmax")(x))


def logits(model: keras.Model, x: np.ndarray) -> np.ndarray:
    last = model.layers[-1]
    features = keras.Model(model.input, last.input)(x).numpy()
    kernel, bias = last.get_weights()
    return features @ kernel + bias


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(2, 9), min_size=1, max_size=3),
    st.sampled_from(["relu", "tanh", "gelu", "sigmoid"]),
    st.booleans(),
    st.sampled_from(["magnitude", "impact", "reconstruct"]),
)
def test_no_input_moves_an_output_by_more(seed, widths, activation, norm, strategy):
    model = network(seed, widths, activation, norm=norm)
    pruned = prune(model, ratio=0.5, strategy=strategy, input_range=(-1, 2))
    bound = output_shift(model, pruned.model, pruned.plan, input_range=(-1, 2))
    x = np.random.default_rng(seed).uniform(-1, 2, (500, 3, 2)).astype(np.float32)
    x[:64] = np.where(x[:64] > 0.5, 2, -1)  # corners
    moved = np.abs(logits(pruned.model, x) - logits(model, x)).max()
    assert moved <= bound.found * (1 + 1e-5) + ROUNDING
    assert "worst case" in bound.detail


def test_a_softmax_layer_at_the_end_is_left_out():
    inputs = keras.Input((4,))
    hidden = layers.Dense(5, "relu")(inputs)
    scores = layers.Dense(2)(hidden)
    bounds = []
    for outputs in (scores, layers.Softmax()(scores), layers.Activation("softmax")(scores)):
        model = keras.Model(inputs, outputs)
        pruned = prune(model, ratio=0.4, strategy="magnitude")
        bounds.append(output_shift(model, pruned.model, pruned.plan, input_range=(0, 1)).found)
    assert bounds[0] == bounds[1] == bounds[2] > 0


def test_of_one_layer_it_is_reached():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(6, "relu"), layers.Dense(1)])
    hidden, out = model.layers
    hidden.set_weights([np.full((4, 6), 0.25), np.zeros(6)])
    out.set_weights([np.arange(1.0, 7)[:, None], np.zeros(1)])
    pruned = prune(model, ratio=0.5, strategy="magnitude")
    (plan,) = (layer for layer in pruned.plan.layers if layer.units == 6)
    gone = sum(unit + 1 for unit in range(6) if unit not in plan.kept)
    assert output_shift(
        model, pruned.model, pruned.plan, input_range=(0, 1)
    ).found == pytest.approx(gone)


@pytest.mark.parametrize(
    ("build", "reason"),
    (
        (lambda x: layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3)(x)), "Conv2D"),
        (lambda x: layers.Dense(3, "softmax")(layers.Flatten()(x)), "nothing is known"),
        (lambda x: layers.Softmax()(layers.Flatten()(x)), "nothing is known"),
        (lambda x: layers.Add()([layers.Flatten()(x), layers.Flatten()(x)]), "joins tensors"),
    ),
)
def test_where_nothing_is_known_it_says_so(build, reason):
    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(8, "relu")(build(inputs))))
    pruned = prune(model, ratio=0.5, strategy="magnitude")
    found = output_shift(model, pruned.model, pruned.plan, input_range=(0, 1))
    assert found.found is None
    assert reason in found.reason


def test_an_input_of_open_length_has_no_bound():
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(8, "relu")(inputs)))
    pruned = prune(model, ratio=0.5, strategy="magnitude")
    found = output_shift(model, pruned.model, pruned.plan, input_range=(0, 1))
    assert found.found is None
    assert found.reason == "a tensor of the model has no bound"
