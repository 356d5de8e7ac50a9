"""Groups: who shrinks together, where its units lie, and whether they can stand in for others."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from patterns import PATTERNS

from pytest_paoding.graph.groups import Group, find_groups
from pytest_paoding.graph.rules import rule_for
from pytest_paoding.graph.walk import walk


def groups_of(model: Any) -> tuple[Group, ...]:
    return find_groups(walk(model, rule_for))


def test_layers_that_are_added_form_one_group() -> None:
    (group,) = groups_of(PATTERNS["residual"].build())
    assert [type(producer.layer) for producer in group.producers] == [layers.Conv2D] * 3
    assert group.name.count("+") == 2


def test_a_layer_may_belong_to_several_groups() -> None:
    first, second = groups_of(PATTERNS["concat_then_add"].build())
    assert first.producers[1] is second.producers[1]
    assert not np.intersect1d(first.units, second.units).size


def test_positions_of_a_flattened_channel_are_those_of_channels_last() -> None:
    first, second = groups_of(PATTERNS["sequential_conv_flatten"].build())
    (consumer,) = first.contracted
    assert type(consumer.axis.layer) is layers.Dense
    expected = np.arange(4 * 4 * 6).reshape(16, 6).T
    assert np.array_equal(consumer.positions, expected)
    assert np.array_equal(second.contracted[0].positions, np.arange(5)[:, None])


def test_a_units_occurrences_are_listed_on_every_axis() -> None:
    (group,) = groups_of(PATTERNS["concat_with_itself"].build())
    (consumer,) = group.contracted
    whole = np.arange(4 * 4 * 10).reshape(16, 2, 5)
    assert np.array_equal(consumer.positions, whole.transpose(2, 0, 1).reshape(5, 32))
    assert {(sites.axis.index, sites.axis.axis) for sites in group.carried} == {(0, 3), (1, 0)}


def test_units_follow_the_order_of_the_first_producer() -> None:
    for pattern in PATTERNS.values():
        structure = walk(pattern.build(), rule_for)
        for group in find_groups(structure):
            produced = group.producers[0].classes
            firsts = produced[np.sort(np.unique(produced, return_index=True)[1])]
            assert np.array_equal(group.units, firsts[np.isin(firsts, group.units)])


def test_no_group_holds_a_pinned_unit_and_none_is_shared() -> None:
    for pattern in PATTERNS.values():
        structure = walk(pattern.build(), rule_for)
        units = np.concatenate([group.units for group in find_groups(structure)])
        assert structure.classes.free[units].all()
        assert len(np.unique(units)) == len(units)


def test_the_order_in_which_branches_are_read_does_not_change_the_groups() -> None:
    def branches(order: int) -> Any:
        x = keras.Input((4,), name="x")
        made = [layers.Dense(5, name="a"), layers.Dense(5, name="b"), layers.Dense(3, name="c")]
        outs = {layer.name: layer(x) for layer in made[::order]}
        joined = layers.Concatenate()([layers.Add()([outs["a"], outs["b"]]), outs["c"]])
        return keras.Model(x, layers.Dense(2, name="head")(joined))

    def described(model: Any) -> list[Any]:
        return sorted(
            (sorted(producer.name for producer in group.producers), group.width)
            for group in groups_of(model)
        )

    assert described(branches(1)) == described(branches(-1)) == [(["a", "b"], 5), (["c"], 3)]
