"""Drawn sequences end early where the model masks what lies behind their ends."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding import prune
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.draws import Draw, drawn
from pytest_paoding.engine.inputs.input_sources import sources_of
from support.oracles import randomise


def tokens(**options: Any) -> Any:
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(30, 8, **options)(x)
    return keras.Model(x, layers.Dense(3)(layers.LSTM(6)(y)))


def steps() -> Any:
    x = keras.Input((7, 2))
    return keras.Model(x, layers.Dense(3)(layers.GRU(6)(layers.Masking(-1.0)(x))))


def drawn_for(model: Any) -> np.ndarray:
    graph = read_graph(model)
    (tensor,) = graph.inputs
    return drawn(sources_of(graph), Draw(400, 0, np.random.default_rng(0)))[tensor]


@pytest.mark.parametrize(
    ("build", "padding"), ((lambda: tokens(mask_zero=True), 0), (steps, -1.0)), ids=("ids", "steps")
)
def test_sequences_are_of_several_lengths_and_padded_at_their_ends(
    build: Any, padding: float
) -> None:
    values = drawn_for(build())
    is_padding = (values == padding).reshape(400, 7, -1).all(axis=2)
    lengths = 7 - is_padding.sum(axis=1)
    assert set(lengths.tolist()) == set(range(1, 8))
    assert (is_padding == (np.arange(7) >= lengths[:, None])).all()
    assert 200 <= (lengths == 7).sum() < 300


def test_without_a_mask_every_token_counts() -> None:
    values = drawn_for(tokens())
    assert set(np.unique(values)) == set(range(30))
    assert (values == 0).mean() < 0.1


@pytest.mark.parametrize("strategy", ("reconstruct", "impact", "magnitude"))
@pytest.mark.parametrize("build", (lambda: tokens(mask_zero=True), steps))
def test_masked_models_are_pruned_and_proved(build: Any, strategy: str) -> None:
    pruned = prune(randomise(build()), ratio=0.5, strategy=strategy, verify=True)
    assert any(note.startswith("proved") for note in pruned.notes)
