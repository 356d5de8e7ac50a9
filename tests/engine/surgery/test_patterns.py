"""Every hand-built pattern against both oracles, with its number of units."""

from __future__ import annotations

import pytest

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from support.oracles import merge_oracle, randomise, zero_oracle
from support.patterns import PATTERNS, Pattern

each_pattern = pytest.mark.parametrize("pattern", PATTERNS.values(), ids=list(PATTERNS))


@each_pattern
def test_its_groups_are_those_counted_by_hand(pattern: Pattern) -> None:
    groups = find_groups(walk(pattern.build(), rule_for))
    assert [group.width for group in groups] == list(pattern.widths)


@each_pattern
def test_a_cut_computes_what_the_original_does_with_zeroed_readers(pattern: Pattern) -> None:
    model = pattern.build()
    for seed in range(pattern.seeds):
        verdict = zero_oracle(randomise(model, seed), seed=seed)
        assert verdict.exact, (seed, verdict)


@each_pattern
def test_a_merge_of_equal_units_changes_nothing(pattern: Pattern) -> None:
    model = pattern.build()
    assert pattern.mergeable == all(group.mergeable for group in find_groups(walk(model, rule_for)))
    for seed in range(pattern.seeds if pattern.mergeable else 0):
        verdict = merge_oracle(randomise(model, seed), seed=seed)
        assert verdict.exact, (seed, verdict)
