"""Drawn sentences and series are legal, varied, and the same for the same seed."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.families.series_draws import series_draws
from pytest_paoding.engine.inputs.families.token_draws import token_draws
from pytest_paoding.engine.inputs.input_sources import sources_of

COUNT, STEPS, TOKENS = 400, 30, 500


def sentences(seed=0):
    return token_draws((STEPS,), (1, TOKENS), COUNT, np.random.default_rng(seed))


def repeats(tokens):
    return (tokens[:, 1:] == tokens[:, :-1]).mean()


def test_tokens_are_those_of_the_vocabulary():
    found = sentences()
    assert found.shape == (COUNT, STEPS)
    assert found.min() >= 1
    assert found.max() < TOKENS
    assert len(np.unique(found)) > 0.9 * (TOKENS - 1)  # all together say every word
    np.testing.assert_array_equal(found, sentences())


def test_sentences_use_fewer_words_than_uniform_ones_and_repeat_themselves():
    found = sentences()
    uniform = np.random.default_rng(0).integers(1, TOKENS, (COUNT, STEPS))
    words, as_many = (np.mean([len(set(row)) for row in each]) for each in (found, uniform))
    assert words < 0.6 * as_many
    assert repeats(found) > 20 * repeats(uniform)
    assert np.std([len(set(row)) for row in found]) > 5  # from one word to many


def test_categories_are_drawn_uniformly():
    found = token_draws((1,), (0, 4), 4000, np.random.default_rng(0))
    assert np.abs(np.bincount(found.ravel()) / 4000 - 0.25).max() < 0.03


@pytest.mark.parametrize("shape", ((40, 6), (40, 1), (1, 6), (2, 2)))
def test_series_are_in_range_and_finite(shape):
    found = series_draws(shape, 50, np.random.default_rng(0))
    assert found.shape == (50, *shape)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(found, series_draws(shape, 50, np.random.default_rng(0)))


def test_series_are_from_noise_to_slow_waves():
    found = series_draws((64, 3), 300, np.random.default_rng(0)).astype(float)
    centred = found - found.mean(axis=1, keepdims=True)
    varied = centred[centred.var(axis=(1, 2)) > 0]
    assert len(varied) > 0.9 * len(found)  # the others are at one end of the range throughout
    lag = (varied[:, 1:] * varied[:, :-1]).mean(axis=(1, 2)) / varied.var(axis=(1, 2))
    assert np.quantile(lag, 0.05) < 0.3
    assert np.quantile(lag, 0.95) > 0.9


def test_half_of_the_series_are_under_noise():
    found = series_draws((64, 3), 600, np.random.default_rng(0)).astype(float)
    rough = np.abs(np.diff(found, n=3, axis=1)).mean(axis=(1, 2))
    noisy, plain = rough[:300], rough[300:]
    assert np.median(noisy) > 5 * np.median(plain)


def first_read_by(shape, *stack, dtype="float32"):
    given = flow = keras.Input(shape, dtype=dtype)
    for layer in stack:
        flow = layer(flow)
    (source,) = sources_of(read_graph(keras.Model(given, flow)))
    return source.is_sequence


def test_what_an_input_is_shows_in_what_reads_it():
    assert first_read_by((8, 8), layers.LSTM(2))
    assert first_read_by((8, 8), layers.Rescaling(2.0), layers.Dense(3), layers.Conv1D(2, 3))
    assert first_read_by((8,), layers.Embedding(9, 3), dtype="int32")
    assert not first_read_by((1,), layers.Embedding(9, 3), dtype="int32")
    assert not first_read_by((8, 8), layers.Reshape((8, 8, 1)), layers.Conv2D(2, 3))
    assert not first_read_by((8, 8), layers.Flatten(), layers.Dense(3))
    assert not first_read_by((8,), layers.Dense(3))
