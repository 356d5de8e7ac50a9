"""Transforms: take-overs of any share, and constants that go into biases."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.self_checks import verify
from pytest_paoding.engine.surgery.transform import TakeOver, Transform, delegates_of, merges
from pytest_paoding.errors import SurgeryError
from support.oracles import EXACT, batch, distance, outputs, randomise
from support.patterns import PATTERNS, head

Rng = np.random.Generator


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))
def test_a_delegate_is_a_share_of_one(seed: int, removed: int, kept: int, occurrences: int) -> None:
    """Merging into rows and multiplying with a matrix of zeros and ones are the same."""
    rng = np.random.default_rng(seed)
    places = rng.permutation((removed + kept) * occurrences).reshape(-1, occurrences)
    gone, left = places[:removed], places[removed:]
    chosen = rng.integers(-1, kept, removed) if kept else np.full(removed, -1)
    share = np.zeros((removed, kept))
    share[chosen >= 0, chosen[chosen >= 0]] = 1
    delegates = np.where(chosen[:, None] < 0, -1, left[chosen]) if kept else np.full(gone.shape, -1)
    rows = rng.standard_normal((len(places) * occurrences, 3))
    one, two = rows.copy(), rows.copy()
    TakeOver(gone, delegates).carry_out(one)
    TakeOver(gone, left, share).carry_out(two)
    np.testing.assert_allclose(one, two, rtol=0, atol=1e-12)
    assert not one[gone].any()


def redundant(model: Any, rng: Rng, *, norm: bool) -> tuple[Any, Transform]:
    """Make units of layer `a` mixtures of others, and return the transform that removes them."""
    structure = walk(randomise(model), rule_for)
    (group,) = (each for each in find_groups(structure) if each.name == "a")
    order = rng.permutation(group.width)
    gone, kept = order[: group.width // 2], order[group.width // 2 :]
    share, constant = rng.standard_normal((len(gone), len(kept))), rng.standard_normal(len(gone))
    layer = model.get_layer("a")
    kernel, bias = (values_of(each) for each in layer.weights)
    kernel[..., gone] = kernel[..., kept] @ share.T
    bias[gone] = share @ bias[kept] + constant
    layer.set_weights([kernel, bias])
    stay = np.ones(structure.classes.count, bool)
    stay[group.units[gone]] = False
    takeover, shifts = {}, {}
    for sites in group.contracted:
        axis = sites.axis
        rows = np.moveaxis(values_of(axis.layer.weights[0]), axis.axis, 0)[sites.positions[gone]]
        everywhere = rows.reshape(len(gone), -1, rows.shape[-1]).sum(axis=1)
        shifts[axis.layer] = constant @ everywhere
        places = sites.positions[gone], sites.positions[kept]
        takeover[axis.layer, axis.index, axis.axis] = TakeOver(*places, share)
    assert norm is not any(layer.use_bias for layer in shifts)
    return structure, Transform(stay, takeover, shifts)


def dense(*, norm: bool) -> Any:
    x = keras.Input((5,))
    y = layers.Dense(8, name="a")(x)
    outs = [layers.Dense(6, use_bias=not norm, name=name)(y) for name in "bc"]
    if norm:
        outs = [layers.BatchNormalization()(out) for out in outs]
    return keras.Model(x, head(layers.Add()([layers.ReLU()(out) for out in outs])))


def convolved(*, norm: bool) -> Any:
    x = keras.Input((6, 6, 2))
    y = layers.Conv2D(8, 3, name="a")(x)
    y = layers.Conv2D(4, 3, use_bias=not norm, name="b")(y)
    y = layers.BatchNormalization()(y) if norm else y
    return keras.Model(x, head(layers.Flatten()(layers.ReLU()(y))))


def flattened(*, norm: bool) -> Any:
    """Each channel occurs at every position it was flattened from."""
    x = keras.Input((3, 3, 2))
    y = layers.Flatten()(layers.Conv2D(6, 2, name="a")(x))
    y = layers.Dense(5, use_bias=not norm, name="b")(y)
    y = layers.BatchNormalization()(y) if norm else y
    return keras.Model(x, head(layers.ReLU()(y)))


@pytest.mark.parametrize("norm", (False, True))
@pytest.mark.parametrize("build", (dense, convolved, flattened))
@pytest.mark.parametrize("seed", range(3))
def test_units_that_are_mixtures_of_others_leave_without_a_trace(
    build: Any,
    norm: bool,  # noqa: FBT001 # parametrised
    seed: int,
) -> None:
    model = build(norm=norm)
    structure, transform = redundant(model, np.random.default_rng(seed), norm=norm)
    before = outputs(model, batch(model))
    outcome = cut(structure, transform)
    assert outcome.model.count_params() < model.count_params()
    assert distance(outputs(outcome.model, batch(model)), before) <= 100 * EXACT
    assert verify(structure, outcome, full=True).error is not None
    without = cut(structure, Transform(transform.stay)).model
    assert distance(outputs(without, batch(model)), before) > 1e-3


@pytest.mark.parametrize("build", (dense, convolved, flattened))
def test_working_weights_take_over_what_the_model_does(build: Any) -> None:
    model = build(norm=False)
    structure, transform = redundant(model, np.random.default_rng(0), norm=False)
    weights = WorkingWeights(np.float64)
    transform.carry_out(weights)
    outcome = cut(structure, Transform(transform.stay, transform.takeover))
    for layer, index, axis in transform.takeover:
        kept = np.moveaxis(values_of(outcome.rebuilt[layer].weights[index]), axis, 0)
        rows = np.moveaxis(weights[layer, index], axis, 0)
        np.testing.assert_array_equal(kept, rows[rows.reshape(len(rows), -1).any(axis=1)])


def test_a_constant_without_a_place_is_refused() -> None:
    x = keras.Input((3,))
    y = layers.Dense(4, use_bias=False, name="bare")(layers.Dense(3, name="a")(x))
    model = keras.Model(x, head(y))
    structure = walk(model, rule_for)
    stay = np.ones(structure.classes.count, bool)
    with pytest.raises(SurgeryError, match="'bare' has no bias to take up a constant"):
        cut(structure, Transform(stay, bias={model.get_layer("bare"): np.ones(4)}))


def test_delegates_are_read_off_the_take_overs() -> None:
    structure = walk(PATTERNS["siamese"].build(), rule_for)
    groups = [group for group in find_groups(structure) if group.mergeable and group.contracted]
    delegates = np.full(structure.classes.count, -1)
    for group in groups:
        delegates[group.units[1]] = group.units[0]
    stay = delegates < 0
    assert (delegates_of(structure, Transform(stay, merges(groups, delegates))) == delegates).all()
    assert not stay.all()


def test_a_transform_tells_what_it_does() -> None:
    stay = np.array([True, False, True])
    assert repr(Transform(stay)) == "<Transform: 1 of 3 classes leave>"
    whole = Transform(stay, {("a", 0, 0): TakeOver(stay, stay)}, {"a": stay}, {("a", 0): stay})
    assert repr(whole) == (
        "<Transform: 1 of 3 classes leave, 1 axes take over, 1 biases shift, 1 weights fitted>"
    )
