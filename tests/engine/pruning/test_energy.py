"""The energy: norm and entropy of the effects, each scaled over the candidates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.execution.intervals import Interval
from pytest_paoding.engine.pruning import energy
from pytest_paoding.engine.pruning.energy import energies, entropy


def effects(seed, merges=5, outputs=4):
    generator = np.random.default_rng(seed)
    centre, radius = generator.normal(size=(2, merges, outputs))
    return Interval.around(centre, np.abs(radius))


def entropy_by_loops(low, high):
    outputs = len(low)
    span = high.max() - low.min()
    total = 0.0
    for i in range(outputs):
        alike = sum(
            1 - 0.5 * (abs(low[i] - low[j]) + abs(high[i] - high[j])) / span >= 0.9
            for j in range(outputs)
        )
        total -= alike / outputs * np.log(alike / outputs)
    return total


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(2, 12))
def test_entropy_is_that_of_the_formula(seed, merges, outputs):
    found = effects(seed, merges, outputs)
    ends = zip(found.low, found.high, strict=True)
    expected = [entropy_by_loops(low, high) for low, high in ends]
    np.testing.assert_allclose(entropy(found), expected, atol=1e-12)


def test_entropy_does_not_depend_on_the_blocks(monkeypatch):
    found = effects(3, merges=7, outputs=5)
    whole = entropy(found)
    monkeypatch.setattr(energy, "_BLOCK", 26)
    np.testing.assert_array_equal(entropy(found), whole)


def test_one_output_is_always_alike():
    np.testing.assert_array_equal(entropy(effects(0, outputs=1)), 0)


@given(st.integers(0, 2**32 - 1))
def test_energies_are_shares(seed):
    found = energies(effects(seed))
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_a_smaller_effect_of_the_same_form_has_a_smaller_energy():
    # The paper's logistic gives 1.0 for all three and ranks nothing.
    scale = np.array([[100.0], [40.0], [400.0]])
    found = energies(Interval(-scale * np.ones((3, 4)), scale * np.ones((3, 4))))
    assert np.argsort(found).tolist() == [1, 0, 2]
    assert found == pytest.approx([0.75 * np.log(100 / 40) / np.log(10), 0.0, 0.75])


def test_no_effect_is_less_than_any():
    low = np.array([[0.0, 0.0], [-1e-9, 0.0], [-1.0, 0.0]])
    assert np.argmin(energies(Interval(low, np.zeros((3, 2))))) == 0
    np.testing.assert_array_equal(energies(Interval(np.zeros((3, 2)), np.zeros((3, 2)))), 0)
