"""Constraints: shares by name, exceptions, round widths, and patterns that match nothing."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.pruning.constraints import Constraints, Quota
from pytest_paoding.errors import PruningError
from support.patterns import PATTERNS, conv, head


def groups_of(model: Any) -> dict[str, Any]:
    return {group.name: group for group in find_groups(walk(model, rule_for))}


@pytest.fixture(scope="module")
def named() -> dict[str, Any]:
    x = keras.Input((4, 4, 3))
    y = conv(20, name="stem")(x)
    y = layers.Add()([conv(20, name="block_a")(y), conv(20, name="block_b")(y)])
    y = layers.Dense(7, name="hidden")(layers.Flatten()(y))
    return groups_of(keras.Model(x, head(y)))


def test_every_group_loses_its_share(named: dict[str, Any]) -> None:
    constraints = Constraints(ratio=0.4)
    assert {name: constraints.quota(group) for name, group in named.items()} == {
        "stem": Quota(8),
        "block_a+block_b": Quota(8),
        "hidden": Quota(3),
    }


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 9))
def test_one_unit_stays_and_rounding_keeps_more(ratio: float, round_to: int) -> None:
    for group in groups_of(PATTERNS["sequential_conv_flatten"].build()).values():
        plain = Constraints(ratio=ratio).quota(group).count
        rounded = Constraints(ratio=ratio, round_to=round_to).quota(group).count
        assert 0 <= rounded <= plain == min(round(ratio * group.width), group.width - 1)
        assert rounded == 0 or (group.width - rounded) % round_to == 0


def test_widths_are_rounded_to_multiples(named: dict[str, Any]) -> None:
    constraints = Constraints(ratio=0.5, round_to=8)
    assert constraints.quota(named["stem"]) == Quota(4, "the width is kept a multiple of 8")
    assert constraints.quota(named["hidden"]).count == 0
    assert Constraints(ratio=0.5, round_to=5).quota(named["stem"]) == Quota(10)


def test_the_width_of_a_layer_is_rounded_not_the_number_of_its_units() -> None:
    """Four filters make one unit here, so two units are eight filters."""
    group = groups_of(PATTERNS["grouped"].build())
    quotas = [Constraints(ratio=0.4, round_to=8).quota(each).count for each in group.values()]
    assert quotas == [0, 1]  # widths 8 and 12: the first would become 4, the second becomes 8


def test_heads_are_not_rounded() -> None:
    groups = groups_of(PATTERNS["transformer_block"].build())
    heads = next(group for name, group in groups.items() if name.endswith(":heads"))
    assert Constraints(ratio=0.5, round_to=8).quota(heads) == Quota(2)


def test_layers_are_excluded_by_name_pattern(named: dict[str, Any]) -> None:
    constraints = Constraints(ratio=0.5, exclude=("*_b", "hid?en"))
    assert constraints.quota(named["stem"]) == Quota(10)
    assert constraints.quota(named["block_a+block_b"]) == Quota(
        0, "layer 'block_b' is excluded by '*_b'"
    )
    assert constraints.quota(named["hidden"]).count == 0


def test_layers_are_included_by_name_pattern(named: dict[str, Any]) -> None:
    constraints = Constraints(ratio=0.5, include=("stem", "block_a"))
    assert constraints.quota(named["stem"]).count == 10
    assert constraints.quota(named["block_a+block_b"]) == Quota(
        0, "layer 'block_b' is not included"
    )
    assert Constraints(ratio=0.5, include=("block*",)).quota(named["block_a+block_b"]).count == 10


def test_the_least_share_of_a_group_counts(named: dict[str, Any]) -> None:
    constraints = Constraints(ratio=0.5, ratios={"block_a": 0.2, "block*": 0.9, "hidden": 0.0})
    assert [constraints.quota(group).count for group in named.values()] == [10, 4, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    (
        ({"ratio": 1.0}, "ratio must be a share"),
        ({"ratio": 0.5, "ratios": {"a": 50}}, "a: must be a share"),
        ({"ratio": 0.5, "round_to": 0}, "at least 1"),
        ({"ratio": 0.5, "round_to": 2.5}, "whole number"),
        ({"ratio": 0.5, "round_to": True}, "whole number"),
    ),
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PruningError, match=message):
        Constraints(**options)


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    names = ["stem", "block_a", "hidden"]
    Constraints(ratio=0.5, include=("*",), exclude=("st*",), ratios={"hidden": 0.1}).check(names)
    for option, value in (("exclude", ("Stem",)), ("include", ("x*",)), ("ratios", {"y": 0.1})):
        with pytest.raises(PruningError, match=f"{option}: no layer matches .*; there are stem"):
            Constraints(ratio=0.5, **{option: value}).check(names)
