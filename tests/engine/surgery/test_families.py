"""The architectures of keras.applications against both oracles, with their numbers of units."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from support.families import SMALL, WHOLE, convnext, whole
from support.nightly import spread
from support.oracles import merge_oracle, randomise, zero_oracle


def units_of(model: Any) -> int:
    return sum(group.width for group in find_groups(walk(model, rule_for)))


@pytest.mark.skipif(convnext is None, reason="this Keras has its builders elsewhere")
@pytest.mark.parametrize("name", spread(SMALL))
def test_a_small_one_is_exact(name: str) -> None:
    build, units = SMALL[name]
    model = randomise(build())
    assert units_of(model) == units
    for oracle in (zero_oracle, merge_oracle):
        verdict = oracle(model)
        assert verdict.exact, verdict


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", list(WHOLE))
def test_a_whole_one_is_exact_for_three_seeds(name: str) -> None:
    model = whole(name)
    assert units_of(model) == WHOLE[name][1]
    for seed in range(3):
        randomise(model, seed)
        for oracle in (zero_oracle, merge_oracle):
            verdict = oracle(model, seed=seed)
            assert verdict.exact, (seed, verdict)
