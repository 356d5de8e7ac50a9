"""A layer loses no more units once its scores jump."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding import prune
from pytest_paoding.errors import PruningError

layers = keras.layers


def network(scales: list[float]) -> keras.Model:
    """A hidden layer whose units have these scales, and one with equal ones."""
    width = len(scales)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(width, "relu", name="uneven"),
            layers.Dense(8, "relu", name="even"),
            layers.Dense(3),
        ]
    )
    model.layers[0].set_weights([np.tile(np.array(scales) / 4, (4, 1)), np.zeros(width)])
    return model


def kept(model: keras.Model, **options) -> dict[str, int]:
    pruned = prune(model, ratio=0.75, strategy="magnitude", **options)
    return {layer.name: len(layer.kept) for layer in pruned.plan.layers}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 1.5, 2.5, 9.0, 40.0]), min_size=4, max_size=9),
    st.sampled_from([1.2, 2.0, 5.0]),
    st.sampled_from([0.1, 1.0]),
)
def test_it_ends_at_the_first_score_that_is_too_high(scales, jump, step):
    wanted, expected, highest = round(0.75 * len(scales)), 0, 0.0
    for score in sorted(scales)[: min(wanted, len(scales) - 1)]:
        if highest > 0 and score > jump * highest * (1 + 1e-6):
            break
        highest, expected = max(highest, score), expected + 1
    found = kept(network(scales), jump=jump, step=step)
    assert found["uneven"] == len(scales) - expected


def test_the_plan_says_so_and_other_layers_go_on():
    model = network([1, 1, 1, 8, 8, 8, 8, 8])
    pruned = prune(model, ratio=0.75, strategy="magnitude", jump=3)
    uneven, even, _ = pruned.plan.layers
    assert (len(uneven.kept), uneven.reason) == (5, "the next score is 8.0 times all before it")
    assert kept(model)["uneven"] == 2
    assert len(even.kept) < 8 or "times all before" in str(even.reason)


@pytest.mark.parametrize("strategy", ("saliency", "impact", "stochastic"))
def test_pairs_are_ended_too(strategy):
    generator = np.random.default_rng(0)
    model = network([1.0] * 8)
    kernel = np.repeat(generator.standard_normal((4, 4)), 2, axis=1)
    kernel[:, ::2] += 1e-3  # four pairs of near duplicates
    model.layers[0].set_weights([kernel, np.zeros(8)])
    options = {"ratio": 0.75, "strategy": strategy, "step": 0.125}
    plain, ended = (prune(model, **options, **more) for more in ({}, {"jump": 50}))
    counts = [len(each.plan.layers[0].kept) for each in (plain, ended)]
    assert counts == [2, 4]


def test_reconstruct_says_that_it_does_not_use_it():
    pruned = prune(network([1.0] * 8), ratio=0.5, jump=2)
    assert any(note.startswith("jump was not used") for note in pruned.notes)


@pytest.mark.parametrize("jump", (1, 0.5, "x", float("nan"), True))
def test_senseless_factors_are_refused(jump):
    with pytest.raises(PruningError, match="jump must be a number above 1"):
        prune(network([1.0] * 8), ratio=0.5, jump=jump)
