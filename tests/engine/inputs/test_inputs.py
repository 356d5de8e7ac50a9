"""Inputs to run a model on: synthetic ones in their ranges, and those a user gave."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.engine.inputs.inputs import Inputs, chunked, given, most_followed, most_inputs
from pytest_paoding.errors import DataError
from support.small_models import branched, mlp, normed

layers = keras.layers


@pytest.mark.parametrize(("twins", "expected"), ((0.0, 0), (0.5, 11), (1.0, 21)))
def test_a_share_of_the_inputs_runs_the_twin(twins, expected):
    graph = read_graph(normed(()))
    inputs = chunked(graph, {graph.inputs[0]: np.zeros((21, 9, 9, 1), "float32")}, twins=twins)
    sizes = [len(chunk[graph.inputs[0]]) for chunk in inputs.chunks]
    assert sum(sizes) == inputs.count == 21
    assert sum(size for size, twin in zip(sizes, inputs.twins, strict=True) if twin) == expected


def test_no_more_inputs_than_the_memory_holds():
    small, large = (
        read_graph(keras.Sequential([keras.Input((size, size, 3)), layers.Conv2D(64, 1)]))
        for size in (64, 512)
    )
    assert most_inputs(sources_of(small)) == 2**30 // (
        4 * 4 * 64 * 64 * 64
    )  # four tensors of float32
    assert most_inputs(sources_of(large)) == 32
    assert most_followed(small) == 2**30 // (4 * 64 * 64 * (3 + 64))  # both tensors at once
    assert most_followed(large) == 2**30 // (4 * 512 * 512 * (3 + 64))


@pytest.mark.parametrize(
    ("calibration", "message"),
    (
        ({"left": np.zeros((4, 5))}, "calibration lacks the input 'right'"),
        ([np.zeros((4, 5))], "calibration has 1 arrays for the inputs"),
        ([np.zeros((4, 5)), np.zeros((3, 5))], "of different lengths: [3, 4]"),
        ([np.zeros((4, 5)), np.zeros((4, 6))], "for input 'right' has the shape (4, 6)"),
        ([np.zeros((0, 5)), np.zeros((0, 5))], "for input 'left' has the shape (0, 5)"),
        ([np.zeros((4, 5)), np.full((4, 5), np.nan)], "for input 'right' is not finite"),
        ([[["a"] * 5], np.zeros((1, 5))], "for input 'left' is no array of numbers"),
        ([[[0.0] * 5, [0.0]], np.zeros((1, 5))], "for input 'left' is no array of numbers"),
    ),
)
def test_inputs_that_do_not_fit_are_refused(calibration, message):
    with pytest.raises(DataError) as error:
        given(read_graph(branched()), calibration)
    assert message in str(error.value)


@pytest.mark.parametrize("shape", ((6, 9, 9), (6, 9, 9, 1), (6, 9, 9, 1, 1)))
def test_as_in_keras_a_last_axis_of_length_one_may_be_missing_or_over(shape):
    values = np.random.default_rng(0).random(shape).astype("float32")
    (chunk,) = given(read_graph(normed(())), values).chunks
    np.testing.assert_array_equal(*chunk.values(), values.reshape(6, 9, 9, 1))


def test_of_many_given_inputs_some_are_looked_at():
    model = mlp(4)
    inputs = given(read_graph(model), np.zeros((10_000, 7)))
    assert inputs.typical
    assert not any(inputs.twins)
    assert 3000 < inputs.count <= 4096


@pytest.mark.parametrize(("count", "sizes"), ((2, [2, 2]), (5, [5, 5]), (40, [12, 10])))
def test_the_first_inputs_of_each_kind_are_a_chunk_each(count, sizes):
    graph = read_graph(mlp(6, 5))
    (tensor,) = graph.inputs
    values = np.arange(22 * tensor.shape[0], dtype=np.float32).reshape(22, -1)
    parts = [values[start : start + 4] for start in range(0, 22, 4)]
    chunks = tuple({tensor: part} for part in parts)
    inputs = Inputs(chunks, (True, True, True, False, False, False), 22)
    first = inputs.first(count)
    assert first.twins == (True, False)
    assert first.sizes == sizes
    assert first.count == sum(sizes)
    for chunk, start, size in zip(first.chunks, (0, 12), sizes, strict=True):
        np.testing.assert_array_equal(chunk[tensor], values[start : start + size])
