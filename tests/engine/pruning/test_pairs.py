"""Pairs: the saliency of Srinivas & Babu, and the greedy choice of disjoint pairs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.pairs import PairSaliency, dense_group, disjoint
from pytest_paoding.engine.pruning.unit_search import UnitSearch

layers = keras.layers


def greedy(saliency, count):
    """Reference for `disjoint`, which sorts all pairs and walks the list."""
    finite = np.argwhere(np.isfinite(saliency))
    order = sorted(finite.tolist(), key=lambda pair: saliency[tuple(pair)])
    used, chosen = set(), []
    for nominee, delegate in order:
        if len(chosen) < count and not {nominee, delegate} & used:
            chosen.append((nominee, delegate))
            used |= {nominee, delegate}
    return chosen


@settings(deadline=None)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 2**32 - 1), st.booleans())
def test_disjoint_pairs_are_those_of_the_sorted_list(width, count, seed, hubs):
    generator = np.random.default_rng(seed)
    norms = generator.random(width)
    # All distances are alike, so the units of small norm make all the best pairs (hubs).
    distances = generator.random((width, width)) * (0.01 if hubs else 1) + hubs
    saliency = norms[:, None] * distances
    rank = np.argsort(np.argsort(norms))
    saliency[rank[:, None] >= rank] = np.inf

    nominees, delegates = disjoint(saliency, count)

    assert list(zip(nominees.tolist(), delegates.tolist(), strict=True)) == greedy(saliency, count)


def searched(model, index=0):
    structure = walk(model, rule_for)
    search = UnitSearch(find_groups(structure)[index], WorkingWeights())
    return search, dense_group(search.group, structure.graph)


def mlp(*widths, **options):
    hidden = [layers.Dense(width, "relu", **options) for width in widths]
    return randomised(keras.Sequential([keras.Input((7,)), *hidden, layers.Dense(3)]))


def randomised(model, seed=0):
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        values = generator.normal(size=variable.shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return model


def saliency_matrix(kernel, bias, outgoing):
    """S(i, j) of every nominee i and delegate j, by the formula and in loops."""
    width = len(bias)
    result = np.full((width, width), np.inf)
    norms = np.linalg.norm(outgoing, axis=1)
    for i in range(width):
        for j in range(width):
            if (norms[i], i) < (norms[j], j):
                apart = np.linalg.norm(kernel[:, i] - kernel[:, j]) + abs(bias[i] - bias[j])
                result[i, j] = norms[i] * apart
    return result


@pytest.mark.parametrize("use_bias", (True, False))
def test_the_least_pairs_are_those_of_the_formula(use_bias):
    model = mlp(12, 9, use_bias=use_bias)
    search, dense = searched(model)
    kernel = model.layers[0].kernel.numpy().astype(float)
    bias = model.layers[0].bias.numpy() if use_bias else np.zeros(12)
    outgoing = model.layers[1].kernel.numpy().astype(float)

    pairs = PairSaliency(search, dense).least(4)

    expected = greedy(saliency_matrix(kernel, bias, outgoing), 4)
    assert list(zip(pairs.nominees, pairs.delegates, strict=True)) == expected


def test_saliency_follows_removals_and_changes_of_the_incoming_weights():
    model = mlp(10, 8)
    structure = walk(model, rule_for)
    first, second = find_groups(structure)
    weights = WorkingWeights()
    searches = [UnitSearch(group, weights) for group in (first, second)]
    saliency = PairSaliency(searches[1], dense_group(second, structure.graph))
    saliency.least(2)  # the Gram matrix is computed here, and only corrected below
    searches[0].remove(np.array([2, 5]), np.array([3, 7]))
    searches[1].remove(np.array([0, 4]), np.array([1, 6]))

    pairs = saliency.least(3)

    kernel = model.layers[1].kernel.numpy().astype(float)
    kernel[[3, 7]] += kernel[[2, 5]]
    kernel[[2, 5]] = 0
    outgoing = model.layers[2].kernel.numpy().astype(float)
    outgoing[[1, 6]] += outgoing[[0, 4]]
    matrix = saliency_matrix(kernel, model.layers[1].bias.numpy(), outgoing)
    matrix[[0, 4]] = matrix[:, [0, 4]] = np.inf
    assert list(zip(pairs.nominees, pairs.delegates, strict=True)) == greedy(matrix, 3)


def test_a_norm_behind_a_linear_layer_is_folded_in():
    model = randomised(
        keras.Sequential(
            [
                keras.Input((5,)),
                layers.Dense(8),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Dropout(0.5),
                layers.Dense(3),
            ]
        )
    )
    dense, norm, *_, last = model.layers
    search, found = searched(model)
    scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy() + norm.epsilon)
    kernel = dense.kernel.numpy() * scale
    bias = (dense.bias.numpy() - norm.moving_mean.numpy()) * scale + norm.beta.numpy()

    pairs = PairSaliency(search, found).least(3)

    expected = greedy(saliency_matrix(kernel, bias, last.kernel.numpy()), 3)
    assert list(zip(pairs.nominees, pairs.delegates, strict=True)) == expected


def test_units_of_one_activation_between_dense_layers_are_pairable():
    assert searched(mlp(6, 4))[1] is not None


def test_units_that_are_added_scaled_or_convolved_are_not_pairable():
    inputs = keras.Input((6,))
    added = layers.Add()([layers.Dense(4)(inputs), layers.Dense(4)(inputs)])
    scaled = layers.PReLU()(layers.Dense(4)(inputs))
    normed = layers.BatchNormalization()(layers.Dense(4, "relu")(inputs))
    for tensor in (added, scaled, normed):
        model = keras.Model(inputs, layers.Dense(2)(tensor))
        assert searched(model)[1] is None
    image = keras.Input((4, 4, 1))
    convolved = layers.Flatten()(layers.Conv2D(3, 2)(image))
    assert searched(keras.Model(image, layers.Dense(2)(convolved)))[1] is None
