"""Mixtures are made of two inputs each, and of nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.synthesis.mixtures import Mixtures

layers = keras.layers


def graph_of(*shapes, dtype="float32"):
    inputs = [keras.Input(shape, dtype=dtype) for shape in shapes]
    return read_graph(keras.Model(inputs, [layers.Flatten()(each) for each in inputs]))


def mixtures(values, *, shifted=False, graph=None, dtype="float32", seed=0):
    graph = graph or graph_of(values.shape[1:], dtype=dtype)
    return Mixtures(
        sources_of(graph), {graph.inputs[0]: values}, np.random.default_rng(seed), shifted=shifted
    )


@settings(max_examples=30, deadline=None)
@given(
    shape=st.sampled_from(((8, 9, 2), (16, 8, 1), (7,), (3, 4), (2, 3, 4, 1))),
    seed=st.integers(0, 99),
    shifted=st.booleans(),
)
def test_they_stay_within_what_they_are_made_of(shape, seed, shifted):
    values = np.random.default_rng(seed).normal(size=(6, *shape)).astype("float32")
    (found,) = mixtures(values, shifted=shifted, seed=seed).draw(20)
    assert found.shape == (20, *shape)
    assert found.dtype == np.float32
    assert found.min() >= values.min() - 1e-6  # a rounding of either product
    assert found.max() <= values.max() + 1e-6
    (again,) = mixtures(values, shifted=shifted, seed=seed).draw(20)
    np.testing.assert_array_equal(found, again)


def test_every_other_image_has_a_window_of_the_other():
    values = np.stack([np.zeros((8, 8, 3)), np.ones((8, 8, 3))]).astype("float32")
    (found,) = mixtures(values).draw(400)
    assert set(np.unique(found[::2])) == {0.0, 1.0}
    windows = found[::2, ..., 0].sum(axis=(1, 2))
    least = np.minimum(windows, 64 - windows)
    assert least.max() == 16  # half the height times half the width
    (*_, spread) = (each.std(axis=(1, 2, 3)) for each in (found[::2], found[1::2]))
    assert spread.max() < 1e-6  # the others are mixed evenly
    assert len(np.unique(found[1::2])) > 100


@pytest.mark.parametrize("first", (False, True))
def test_images_are_shifted_by_an_eighth_of_a_side_at_most(first):
    shape = (1, 16, 24) if first else (16, 24, 1)
    kind = "channels_first" if first else "channels_last"
    inputs = keras.Input(shape)
    graph = read_graph(keras.Model(inputs, layers.GlobalAveragePooling2D(kind)(inputs)))
    image = np.zeros((1, 16, 24), "float32")
    image[0, 8, 12] = 1
    values = image[:, None] if first else image[..., None]
    (found,) = mixtures(values, graph=graph, shifted=True).draw(300)
    rows, columns = np.nonzero(found.reshape(-1, 16, 24).sum(axis=0))
    assert (rows.min(), rows.max()) == (6, 10)
    assert (columns.min(), columns.max()) == (9, 15)
    (still,) = mixtures(values, graph=graph).draw(50)
    np.testing.assert_allclose(still, np.broadcast_to(values, still.shape), atol=1e-6)


def test_of_whole_numbers_each_is_one_or_the_others():
    values = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], "int32")
    (found,) = mixtures(values, dtype="int32").draw(100)
    assert found.dtype == np.int32
    for column, pair in zip(found.T, values.T, strict=True):
        assert set(column) == set(pair)
    assert len(np.unique(found, axis=0)) > 10


def test_inputs_that_belong_together_are_mixed_alike():
    graph = graph_of((3,), (5,))
    one = np.arange(4, dtype="float32")[:, None].repeat(3, axis=1)
    values = dict(zip(graph.inputs, (one, one[:, :1].repeat(5, axis=1)), strict=True))
    found = Mixtures(sources_of(graph), values, np.random.default_rng(0), shifted=True).draw(50)
    np.testing.assert_array_equal(found[0][:, 0], found[1][:, 0])


def test_a_sequence_goes_on_with_the_end_of_another_and_stays_in_order():
    given = keras.Input((12,), dtype="int32")
    graph = read_graph(keras.Model(given, layers.LSTM(2)(layers.Embedding(3, 2)(given))))
    values = np.repeat([[0], [1], [2]], 12, axis=1).astype("int32")
    (found,) = mixtures(values, graph=graph).draw(400)
    changes = (found[:, 1:] != found[:, :-1]).sum(axis=1)
    assert set(changes) == {0, 1}  # whole, or joined once
    assert 0.2 < changes.mean() < 0.45  # of the half that are joined, two thirds are of two kinds
