"""The public function: units that go and stay, and the outputs of the smaller model."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.records.strategy_names import IN_ROUNDS, NAMES
from support.small_models import BUILDERS, cnn, mlp, randomised, residual

layers = keras.layers
RATIO = 0.5
each_strategy = pytest.mark.parametrize("strategy", NAMES)
in_rounds = pytest.mark.parametrize("strategy", IN_ROUNDS)
each_model = pytest.mark.parametrize("build", BUILDERS)


def digest(model):
    return [np.asarray(weight).tobytes() for weight in model.weights]


def batch(model, size=5, seed=0):
    generator = np.random.default_rng(seed)
    arrays = [generator.random((size, *each.shape[1:]), dtype="float32") for each in model.inputs]
    return arrays if len(arrays) > 1 else arrays[0]


def outputs(model, inputs):
    return [np.asarray(each) for each in keras.tree.flatten(model(inputs, training=False))]


@each_model
@in_rounds
@pytest.mark.parametrize("ratio", (0.0, 0.1, 0.5, 0.8))
def test_every_layer_keeps_exactly_what_the_ratio_leaves(build, strategy, ratio):
    model = build()
    pruned = prune(model, ratio=ratio, strategy=strategy)
    for layer in pruned.plan.layers:
        pinned = layer.criterion is None and ratio > 0 and round(ratio * layer.units) > 0
        gone = 0 if pinned else min(round(ratio * layer.units), layer.units - 1)
        assert len(layer.kept) == layer.units - gone, layer
        if pinned:
            assert "output" in layer.reason
        after = pruned.model.get_layer(layer.name)
        assert (getattr(after, "units", None) or after.filters) == len(layer.kept)


@each_model
@each_strategy
def test_the_model_that_was_given_is_left_alone(build, strategy):
    model = build()
    before, x = digest(model), batch(model)
    expected = outputs(model, x)
    nodes = [(len(each._inbound_nodes), len(each._outbound_nodes)) for each in model.layers]
    prune(model, ratio=RATIO, strategy=strategy)
    assert digest(model) == before
    assert [(len(each._inbound_nodes), len(each._outbound_nodes)) for each in model.layers] == nodes
    for found, value in zip(outputs(model, x), expected, strict=True):
        np.testing.assert_array_equal(found, value)


def merged_by_hand(model, plan):
    """The original with the plan carried out on its weights, in float64 and without surgery."""
    for before, after in zip(model.layers[:-1], model.layers[1:], strict=True):
        kernel = np.asarray(after.kernel, dtype=float)
        layer = plan[before.name]
        for removed, delegate in layer.delegates:
            kernel[delegate] += kernel[removed]
        kernel[np.setdiff1d(np.arange(layer.units), layer.kept)] = 0
        after.kernel.assign(kernel)
    return model


@in_rounds
@settings(max_examples=8)
@given(seed=st.integers(0, 1000), ratio=st.floats(0.05, 0.9))
def test_the_smaller_model_computes_what_the_plan_says(strategy, seed, ratio):
    model = mlp(11, 9, 7, seed=seed)
    x = batch(model)
    pruned = prune(model, ratio=ratio, strategy=strategy)
    found, expected = outputs(pruned.model, x), outputs(merged_by_hand(model, pruned.plan), x)
    # float32: sums of at most eleven terms of size one, taken in another order
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strategy", ("saliency", "impact", "stochastic"))
def test_delegates_that_go_later_hand_on_what_they_took_over(strategy):
    pruned = prune(mlp(40, 30), ratio=0.9, strategy=strategy)
    for layer in pruned.plan.layers[:-1]:
        gone = set(range(layer.units)) - set(layer.kept)
        assert {removed for removed, _ in layer.delegates} == gone
        assert {delegate for _, delegate in layer.delegates} <= set(layer.kept)


@each_strategy
def test_a_run_depends_on_its_arguments_only(strategy):
    first = prune(cnn(), ratio=RATIO, strategy=strategy, seed=3)
    random.random()
    np.random.random()  # noqa: NPY002 # it disturbs the legacy generator
    second = prune(cnn(), ratio=RATIO, strategy=strategy, seed=3)
    assert [layer.kept for layer in first.plan.layers] == [
        layer.kept for layer in second.plan.layers
    ]
    assert digest(first.model) == digest(second.model)


def test_seeds_matter_to_annealing():
    model = mlp(60, 50)
    runs = [prune(model, ratio=0.5, strategy="stochastic", step=0.1, seed=s) for s in range(4)]
    assert len({run.plan.layers[0].kept for run in runs}) > 1


def drawn():
    legacy = np.random.random()  # noqa: NPY002 # it must be left alone
    return random.random(), legacy, float(tf.random.uniform(()))


@each_strategy
def test_global_random_states_are_left_alone(strategy):
    model = mlp(12, 10)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 # as above
    tf.random.set_seed(1)
    expected = drawn()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 # as above
    tf.random.set_seed(1)
    prune(model, ratio=RATIO, strategy=strategy)
    assert drawn() == expected


def test_magnitude_keeps_the_largest_filters():
    model = mlp(10)
    scale = np.abs(model.layers[0].kernel.numpy()).sum(axis=0)
    pruned = prune(model, ratio=0.4, strategy="magnitude", step=1.0)
    assert pruned.plan.layers[0].kept == tuple(sorted(np.argsort(scale)[4:].tolist()))
    assert pruned.plan.layers[0].delegates == ()


def test_added_convolutions_lose_the_same_channels_by_their_joint_scale():
    model = residual()
    first, second = (each for each in model.layers if isinstance(each, layers.Conv2D))
    scale = sum(np.abs(each.kernel.numpy()).sum(axis=(0, 1, 2)) for each in (first, second))
    pruned = prune(model, ratio=0.25, strategy="impact", step=1.0)
    expected = tuple(sorted(np.argsort(scale)[2:].tolist()))
    assert pruned.plan[first.name].kept == pruned.plan[second.name].kept == expected
    assert pruned.plan[first.name].criterion == "magnitude"


def test_rounds_see_what_earlier_rounds_removed():
    # Unit 0 of the second layer has the least once the unit that feeds it is gone.
    model = mlp(2, 2, inputs=1)
    model.layers[0].kernel.assign([[0.1, 5.0]])
    model.layers[1].kernel.assign([[9.0, 0.0], [0.5, 1.0]])
    pruned = prune(model, ratio=RATIO, strategy="magnitude")
    assert [layer.kept for layer in pruned.plan.layers[:2]] == [(1,), (1,)]


def test_impact_does_not_always_take_the_most_salient_pairs():
    model = mlp(60, 50)
    runs = [prune(model, ratio=0.3, strategy=name, step=0.1) for name in ("saliency", "impact")]
    assert len({run.plan.layers[0].kept for run in runs}) == 2


def test_where_values_are_not_bounded_saliency_decides_and_the_plan_says_so():
    inputs = keras.Input((6,))
    x = layers.LayerNormalization()(inputs)
    x = layers.Dense(8, activation="relu")(x)
    model = randomised(keras.Model(inputs, layers.Dense(2)(x)))
    impact = prune(model, ratio=RATIO, strategy="impact").plan
    saliency = prune(model, ratio=RATIO, strategy="saliency").plan
    assert impact.layers[0].kept == saliency.layers[0].kept
    assert impact.layers[0].criterion == "saliency"
    assert "range" in impact.layers[0].reason


def test_half_of_each_pair_goes_at_most_so_a_round_may_take_several_passes():
    pruned = prune(mlp(9, 7), ratio=0.85, strategy="saliency", step=1.0)
    assert [len(layer.kept) for layer in pruned.plan.layers[:2]] == [1, 1]


def test_a_layer_of_one_unit_stays_whole():
    model = mlp(1, 4)
    pruned = prune(model, ratio=0.75)
    assert [len(layer.kept) for layer in pruned.plan.layers] == [1, 1, 3]
    assert "nothing left" in pruned.plan.layers[0].reason
