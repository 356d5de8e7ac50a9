"""Pruning: what each strategy takes, and how that grows with layers and their width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import nets
import numpy as np
import pytest

from pytest_paoding import prune
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.transform import Transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

pytestmark = pytest.mark.benchmark

PAIRING = ("saliency", "impact", "stochastic")


@pytest.mark.parametrize("width", (64, 256, 1024))
@pytest.mark.parametrize("strategy", ("magnitude", *PAIRING))
def test_strategies_by_width(benchmark: Any, strategy: str, width: int) -> None:
    model = nets.mlp(width, width, width, 10)
    pruned = benchmark(lambda: prune(model, ratio=0.5, strategy=strategy).model)
    assert [layer.units for layer in pruned.layers] == [width // 2, width // 2, 10]


@pytest.mark.parametrize("strategy", PAIRING)
def test_the_model_of_the_paper_takes_a_small_multiple_of_the_cut(
    ratio: Callable[..., float], strategy: str
) -> None:
    model = nets.mlp(784, 128, 128, 64, 10)
    magnitude = lambda: prune(model, ratio=0.5, strategy="magnitude")  # noqa: E731
    assert ratio(lambda: prune(model, ratio=0.5, strategy=strategy), magnitude) <= 30


@pytest.mark.parametrize("strategy", PAIRING)
def test_doubling_the_width_costs_at_most_what_products_of_matrices_cost(
    ratio: Callable[..., float], strategy: str
) -> None:
    wide, narrow = nets.mlp(64, 1024, 1024, 10), nets.mlp(64, 512, 512, 10)
    found = ratio(
        lambda: prune(wide, ratio=0.5, strategy=strategy),
        lambda: prune(narrow, ratio=0.5, strategy=strategy),
        rounds=3,
    )
    assert found <= 2**3


def test_the_walk_grows_with_the_number_of_layers(ratio: Callable[..., float]) -> None:
    long, short = nets.residual(16), nets.residual(4)
    found = ratio(
        lambda: find_groups(walk(long, rule_for)), lambda: find_groups(walk(short, rule_for))
    )
    assert found <= 6


def test_the_walk_does_not_look_at_every_pixel(ratio: Callable[..., float]) -> None:
    large, small = (
        keras.applications.MobileNetV2((side, side, 3), weights=None, classes=10)
        for side in (224, 32)
    )
    found = ratio(lambda: walk(large, rule_for), lambda: walk(small, rule_for), rounds=3)
    assert found <= 2


def test_the_cut_costs_about_what_cloning_costs(ratio: Callable[..., float]) -> None:
    model = nets.residual(8, channels=64)
    structure = walk(model, rule_for)
    stay = np.ones(structure.classes.count, bool)
    for group in find_groups(structure):
        stay[group.units[::2]] = False

    def clone() -> None:
        twin = keras.models.clone_model(model)
        twin.set_weights(model.get_weights())

    assert ratio(lambda: cut(structure, Transform(stay)), clone) <= 3
