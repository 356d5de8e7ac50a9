"""Annealing without a loop over candidates is the annealing of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.pruning.strategies.stochastic import anneal


class Draws:
    """A generator with known numbers."""

    def __init__(self, seed):
        self._generator = np.random.default_rng(seed)

    def random(self, size=None):
        return self._generator.random(size)


def anneal_by_loop(energy, count, temperature, generator):
    """The walk of the paper, candidate by candidate."""
    accepted = [0]
    while len(accepted) < count:
        left = [index for index in range(len(energy)) if index not in accepted]
        uniform = 1 - generator.random(len(left))
        found = False
        for index, draw in zip(left, uniform, strict=True):
            worse = energy[index] - energy[accepted[-1]]
            if worse <= 0 or draw <= np.exp(-worse / temperature):
                accepted.append(index)
                found = True
        if not found:
            return None  # the loop would go on until chance helps it
    return accepted[:count]


@given(
    st.integers(1, 40),
    st.floats(0.05, 1.0),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_the_walk_is_that_of_the_loop(size, temperature, seed, data):
    count = data.draw(st.integers(1, size))
    energy = np.random.default_rng(seed).random(size)
    expected = anneal_by_loop(energy, count, temperature, Draws(seed))
    found = anneal(energy, count, temperature, np.random.default_rng(seed))
    assert len(set(found.tolist())) == count
    if expected is not None:
        assert found.tolist() == expected


@pytest.mark.parametrize("temperature", (0.0, 1e-300, 1e-3))
def test_a_cold_walk_ends_and_takes_what_is_least_worse(temperature):
    energy = np.array([0.0, 0.9, 0.5, 0.7])
    found = anneal(energy, 2, temperature, np.random.default_rng(0))
    assert found.tolist() == [0, 2]


def test_the_first_success_has_the_chance_it_would_have_in_repeated_walks():
    energy = np.array([0.0, 2.0, 2.5])
    generator = np.random.default_rng(0)
    first = [anneal(energy, 2, 1.0, generator)[1] for _ in range(4000)]
    chance = np.exp([-2.0, -2.5])
    expected = chance[0] / (chance[0] + (1 - chance[0]) * chance[1])
    # Standard error of the share is below 0.008.
    assert np.mean(np.equal(first, 1)) == pytest.approx(expected, abs=0.03)
