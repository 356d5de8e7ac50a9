"""However a model takes its pictures, the same net is pruned the same way."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding import prune
from support.nightly import nightly
from support.oracles import randomise

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.pruner import Pruned

layers = keras.layers


def net(shape: tuple[int | None, ...], *first: Any, recorded: bool) -> Any:
    """A convolutional net behind layers that arrange or scale its pictures."""
    x = y = keras.Input(shape, name="image")
    for layer in first:
        y = layer(y)
    for filters in (8, 12):
        y = layers.Conv2D(filters, 3, padding="same", use_bias=not recorded)(y)
        y = layers.BatchNormalization()(y) if recorded else y
        y = layers.ReLU()(y)
    y = layers.Dense(10, "relu")(layers.GlobalAveragePooling2D()(y))
    return keras.Model(x, layers.Dense(4, "softmax")(y))


WAYS = {
    "plane": ((8, 8), (layers.Reshape((8, 8, 1)),)),
    "flat": ((64,), (layers.Reshape((8, 8, 1)),)),
    "channels in front": ((1, 8, 8), (layers.Permute((2, 3, 1)),)),
    "open": ((None, None, 1), ()),
}


@cache
def reference(*, recorded: bool) -> tuple[Any, Pruned]:
    """Return a model of pictures as they are, and what is left of it."""
    model = randomise(net((8, 8, 1), recorded=recorded))
    return model, prune(model, ratio=0.5)


@pytest.mark.parametrize("recorded", (False, *nightly(True)), ids=("plain", "recorded"))
@pytest.mark.parametrize("way", WAYS)
def test_an_arranged_picture_is_a_picture(way: str, *, recorded: bool) -> None:
    original, expected = reference(recorded=recorded)
    shape, first = WAYS[way]
    model = net(shape, *first, recorded=recorded)
    model.set_weights(original.get_weights())
    found = prune(model, ratio=0.5)
    assert [layer.kept for layer in found.plan.layers] == [
        layer.kept for layer in expected.plan.layers
    ]
    for one, two in zip(found.model.get_weights(), expected.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("recorded", (False, *nightly(True)), ids=("plain", "recorded"))
def test_a_rescaling_says_what_the_user_would_have_said(*, recorded: bool) -> None:
    model = randomise(net((8, 8, 1), layers.Rescaling(1 / 255), recorded=recorded))
    told, read = (prune(model, ratio=0.5, **about) for about in ({"input_range": (0, 255)}, {}))
    for one, two in zip(read.model.get_weights(), told.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    assert any("image holds pictures in 0 to 255 (from rescaling" in note for note in read.notes)
    assert not any("image holds" in note for note in told.notes)
