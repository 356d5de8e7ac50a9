"""Applying plans: the same model again, merges made once, and plans that do not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.apply import apply, transform_of
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.plan import LayerPlan, Plan, StoredWeights
from support.oracles import batch, outputs, randomise
from support.patterns import PATTERNS, conv, head


def plan_for(model: Any, seed: int = 0) -> Plan:
    """Return a plan that takes about half of every group."""
    structure = walk(model, rule_for)
    rng = np.random.default_rng(seed)
    stay = np.ones(structure.classes.count, bool)
    for group in find_groups(structure):
        order = rng.permutation(group.width)
        stay[group.units[group.first_to_go(order, group.width // 2)]] = False
    return Plan(
        tuple(
            LayerPlan(
                producer.name,
                len(producer.classes),
                tuple(np.flatnonzero(stay[producer.classes]).tolist()),
            )
            for producer in structure.producers
        )
    )


@pytest.mark.parametrize("name", ("residual", "transformer_block", "unequal_split", "cells"))
def test_a_plan_gives_the_same_model_again(name: str) -> None:
    model = randomise(PATTERNS[name].build())
    plan = plan_for(model)
    structure = walk(model, rule_for)
    once = cut(structure, transform_of(structure, plan)).model
    again = apply(model, Plan.from_json(plan.to_json()))
    assert again.count_params() < model.count_params()
    for one, two in zip(once.weights, again.weights, strict=True):
        assert values_of(one).tobytes() == values_of(two).tobytes()
    inputs = batch(model)
    assert np.array_equal(outputs(once, inputs)[0], outputs(again, inputs)[0])


def test_an_empty_plan_gives_an_equal_model() -> None:
    model = randomise(PATTERNS["residual"].build())
    structure = walk(model, rule_for)
    whole = tuple(
        LayerPlan(producer.name, len(producer.classes), tuple(range(len(producer.classes))))
        for producer in structure.producers
    )
    same = apply(model, Plan(whole))
    for one, two in zip(model.weights, same.weights, strict=True):
        assert values_of(one).tobytes() == values_of(two).tobytes()


def test_a_delegate_takes_over_the_outgoing_weights() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
    first, second = (layer.name for layer in model.layers)
    before = values_of(randomise(model).layers[1].kernel)
    plan = Plan(
        (LayerPlan(first, 4, (0, 2), delegates=((1, 0), (3, 0))), LayerPlan(second, 2, (0, 1)))
    )
    after = values_of(apply(model, plan).layers[1].kernel)
    assert np.allclose(after, [before[0] + before[1] + before[3], before[2]], rtol=0, atol=1e-15)


def test_a_unit_that_occurs_several_times_is_merged_once() -> None:
    """Each unit of a grouped convolution is one filter of every group."""
    x = keras.Input((4, 4, 4))
    y = conv(6, groups=2, name="grouped")(x)
    model = randomise(keras.Model(x, conv(3, size=1, name="reader")(y)))
    before = values_of(model.get_layer("reader").kernel)
    plan = Plan(
        (
            LayerPlan("grouped", 6, (0, 1, 3, 4), delegates=((2, 0), (5, 3))),
            LayerPlan("reader", 3, (0, 1, 2)),
        )
    )
    after = values_of(apply(model, plan).get_layer("reader").kernel)
    expected = before[:, :, [0, 1, 3, 4]]
    expected[:, :, [0, 2]] += before[:, :, [2, 5]]
    assert np.allclose(after, expected, rtol=0, atol=1e-15)


def test_a_merge_that_two_layers_name_is_made_once() -> None:
    x = keras.Input((3,))
    y = layers.Add()([layers.Dense(3, name="a")(x), layers.Dense(3, name="b")(x)])
    model = randomise(keras.Model(x, head(y, 2)))
    before = values_of(model.get_layer("head").kernel)
    both = [LayerPlan(name, 3, (0, 2), delegates=((1, 2),)) for name in "ab"]
    after = values_of(
        apply(model, Plan((*both, LayerPlan("head", 2, (0, 1))))).get_layer("head").kernel
    )
    assert np.allclose(after, [before[0], before[1] + before[2]], rtol=0, atol=1e-15)


def test_plans_that_do_not_fit_are_refused() -> None:
    x = keras.Input((3,))
    y = layers.Add()([layers.Dense(3, name="a")(x), layers.Dense(3, name="b")(x)])
    model = keras.Model(x, head(y, 2))
    a, b, last = LayerPlan("a", 3, (0,)), LayerPlan("b", 3, (0,)), LayerPlan("head", 2, (0, 1))
    refused = {
        "the plan has no layer 'b'": (a, last),
        "no layer 'c', which the plan prunes": (a, b, last, LayerPlan("c", 1, (0,))),
        "'a' has 3 units, the plan 4": (LayerPlan("a", 4, (0,)), b, last),
        "keeps units of layer 'b' that another": (a, LayerPlan("b", 3, (0, 1)), last),
        "it is an output": (a, b, LayerPlan("head", 2, (0,))),
        "two delegates for a unit": (
            LayerPlan("a", 3, (0, 1), delegates=((2, 0),)),
            LayerPlan("b", 3, (0, 1), delegates=((2, 1),)),
            last,
        ),
    }
    for message, plans in refused.items():
        with pytest.raises(SurgeryError, match=message):
            apply(model, Plan(plans))


def test_a_plan_whose_fitted_weights_are_not_at_hand_is_not_applied() -> None:
    model = PATTERNS["residual"].build()
    plan = replace(plan_for(model), fitted=StoredWeights(((model.layers[1].name, 0),)))
    with pytest.raises(SurgeryError, match="load it from its file"):
        apply(model, plan)


def test_a_merge_that_cannot_be_is_refused() -> None:
    """Units that are read unequally often have no corresponding rows to add up."""
    x = keras.Input((3,))
    y = layers.Dense(3, name="a")(x)
    model = keras.Model(x, head(keras.ops.concatenate([y, y[:, :1]], axis=-1), 2))
    plans = LayerPlan("a", 3, (0, 1), delegates=((2, 0),)), LayerPlan("head", 2, (0, 1))
    with pytest.raises(SurgeryError, match="'a' cannot take over"):
        apply(model, Plan(plans))
