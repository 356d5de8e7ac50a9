"""Groups: layers that shrink together, the sites of their units, and mergeability."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from pytest_paoding.engine.graph.groups import Group, find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from support.patterns import PATTERNS


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
    (sites,) = first.contracted
    assert type(sites.axis.layer) is layers.Dense
    expected = np.arange(4 * 4 * 6).reshape(16, 6).T
    assert np.array_equal(sites.positions, expected)
    assert np.array_equal(second.contracted[0].positions, np.arange(5)[:, None])


def test_a_units_occurrences_are_listed_on_every_axis() -> None:
    (group,) = groups_of(PATTERNS["concat_with_itself"].build())
    (sites,) = group.contracted
    whole = np.arange(4 * 4 * 10).reshape(16, 2, 5)
    assert np.array_equal(sites.positions, whole.transpose(2, 0, 1).reshape(5, 32))
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


def test_units_that_are_read_unequally_often_cannot_stand_in_for_each_other() -> None:
    (group, _) = groups_of(PATTERNS["unequal_split"].build())
    assert not group.mergeable
    assert all(group.mergeable for group in groups_of(PATTERNS["siamese"].build()))


def test_units_that_numbers_tell_apart_cannot_stand_in_for_each_other() -> None:
    (group,) = groups_of(PATTERNS["shifted_by_a_constant"].build())
    assert not group.mergeable


def test_of_the_units_behind_a_split_one_must_stay_in_each_part() -> None:
    (group, _) = groups_of(PATTERNS["unequal_split"].build())
    assert [rows.tolist() for rows in group.quorums] == [[0, 1], [2, 3, 4], [5, 6, 7, 8]]
    gone = group.first_to_go(np.arange(9), 9)
    assert gone.tolist() == [0, 2, 3, 5, 6, 7]
    left = np.isin(np.arange(9), [1, 4, 5, 8])
    alone = [row for row in np.flatnonzero(left) if group.may_go(left, np.array([row])).all()]
    assert alone == [5, 8]
    assert group.may_go(left, np.array([8, 5])).tolist() == [True, False]


def test_a_group_without_a_split_keeps_one_unit() -> None:
    (group,) = groups_of(PATTERNS["residual"].build())
    assert group.quorums == ()
    assert group.first_to_go(np.array([3, 1, 0, 2, 5, 4]), 6).tolist() == [3, 1, 0, 2, 5]


def test_each_slice_keeps_a_unit() -> None:
    x = keras.Input((4,))
    one, two = layers.Dense(6)(x), layers.Dense(5)(x)
    joined = keras.ops.concatenate([one[:, :3], two[:, :2]], axis=-1)
    rest = keras.ops.concatenate([one[:, 3:], two[:, 2:]], axis=-1)
    outs = [layers.Dense(2)(joined), layers.Dense(2)(rest)]
    quorums = {group.width: group.quorums for group in groups_of(keras.Model(x, outs))}
    assert [rows.tolist() for rows in quorums[6]] == [[0, 1, 2], [3, 4, 5]]
    assert [rows.tolist() for rows in quorums[5]] == [[0, 1], [2, 3, 4]]
