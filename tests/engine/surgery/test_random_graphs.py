"""Random models against both oracles: cases beyond the hand-built ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from support.oracles import EXACT, merge_oracle, randomise, zero_oracle
from support.random_graphs import random_model

quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def hold_against_both_oracles(data: Any) -> None:
    model, seed = random_model(data.draw), data.draw(st.integers(0, 9))
    note(str([(layer.name, type(layer).__name__) for layer in model.operations]))
    randomise(model, seed)
    for oracle in (zero_oracle, merge_oracle):
        assert oracle(model, seed=seed).error <= EXACT


@settings(max_examples=40, suppress_health_check=quiet, derandomize=True)
@given(st.data())
def test_some_random_models_are_exact(data: Any) -> None:
    hold_against_both_oracles(data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=500, suppress_health_check=quiet, print_blob=True)
@given(st.data())
def test_five_hundred_random_models_are_exact(data: Any) -> None:
    hold_against_both_oracles(data)


def test_random_models_are_not_trivial() -> None:
    """Most of them have units to remove, and removing them matters."""
    verdicts = []

    @settings(max_examples=30, suppress_health_check=quiet, derandomize=True, database=None)
    @given(st.data())
    def collect(data: Any) -> None:
        verdicts.append(zero_oracle(randomise(random_model(data.draw))))

    collect()
    assert np.mean([each.removed > 0 for each in verdicts]) > 0.5
    assert np.mean([each.change > 1e-3 for each in verdicts]) > 0.4
