"""Layers that hold others and have no rule stay whole in a graph, and a note says so once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.errors import PaodingError


class Pair(layers.Layer):
    """Two layers, one after the other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts = [layers.Dense(6, "relu"), layers.Dense(5)]

    def call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


class Shifted(Pair):
    """One with a weight of its own."""

    def build(self, shape: Any) -> None:
        self.shift = self.add_weight(shape=(shape[-1],))
        super().build(shape)

    def call(self, x: Any) -> Any:
        return super().call(x + self.shift)


class Scaled(layers.Layer):
    """One that holds no other layer."""

    def call(self, x: Any) -> Any:
        return 2 * x


def chain(*stack: Any) -> Any:
    spare = [layers.Dense(8, "relu", name=f"spare_{at}") for at in range(2)]
    model = keras.Sequential([keras.Input((5,)), *spare, *stack, layers.Flatten(), layers.Dense(3)])
    model(np.zeros((1, 5)))
    return model


CASES = {
    "one": (lambda: chain(Pair(name="a")), "layer 'a' stays whole"),
    "with a weight": (lambda: chain(Shifted(name="a")), "layer 'a' stays whole"),
    "two": (lambda: chain(Pair(name="a"), Pair(name="b")), "layers 'a', 'b' stay whole"),
    "many": (
        lambda: chain(*(Pair(name=name) for name in "abcde")),
        "layers 'a', 'b', 'c' and 2 more stay whole",
    ),
    "nested": (
        lambda: chain(keras.Sequential([keras.Input((8,)), Pair(name="a")])),
        "layer 'a' stays whole",
    ),
    "none": (lambda: chain(Scaled()), None),
    "of Keras": (lambda: chain(layers.Reshape((2, 4)), layers.Bidirectional(layers.GRU(3))), None),
}


@pytest.mark.parametrize("name", CASES)
def test_a_note_names_the_layers_that_stay_whole_once(name: str) -> None:
    build, expected = CASES[name]
    model = build()
    assert opened(model).model is model
    for strategy in ("magnitude", "impact"):
        pruned = prune(model, ratio=0.5, strategy=strategy, include=["spare_*"])
        notes = [note for note in pruned.notes if "whole" in note]
        assert [note.partition(", as")[0] for note in notes] == ([expected] if expected else [])
        for note in notes:
            assert "register a rule (pytest_paoding.rule)" in note
            assert "keras.Model" in note


class Refusing(layers.Layer):
    """A layer that refuses all that is drawn."""

    def call(self, _: Any) -> Any:
        raise ValueError("too small")

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


@pytest.mark.parametrize(
    ("shape", "settings", "advice"),
    (
        ((5,), {}, " (see input_range)"),
        ((5,), {"input_range": (0, 1)}, ""),
        ((None, 5), {}, " (see input_shape and input_range)"),
        ((None, 5), {"input_shape": (7, 5)}, " (see input_range)"),
        ((None, 5), {"input_range": (0, 1)}, " (see input_shape)"),
        ((None, 5), {"input_range": (0, 1), "input_shape": (7, 5)}, ""),
    ),
)
@pytest.mark.parametrize("verify", (False, True))
def test_a_self_check_advises_what_was_not_said(
    shape: tuple[int | None, ...], settings: Any, advice: str, *, verify: bool
) -> None:
    x = keras.Input(shape)
    model = keras.Model(x, layers.Dense(3)(layers.Dense(8, "relu")(Refusing(name="r")(x))))
    try:
        notes = prune(model, ratio=0.5, strategy="magnitude", verify=verify, **settings).notes
        (note,) = (each for each in notes if "not run on random inputs" in each)
    except PaodingError as error:
        assert verify
        note = str(error)
    assert "layer 'r'" in note
    assert note.endswith(advice or "too small")
