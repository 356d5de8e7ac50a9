"""Views: data movements are executed on the labels, and agree with NumPy on whole tensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.graph.views import View, compact, concatenated

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def test_labels_along_an_axis_are_broadcast_over_the_others() -> None:
    view = View.along((2, 3, 4), np.arange(4), -1)
    assert view.labels.shape == (1, 1, 4)
    assert view.full().shape == (2, 3, 4)
    assert view.varying == (2,)


def test_an_unknown_length_takes_one_label() -> None:
    view = View.along((None, 4), np.arange(4), 1)
    assert view.full().shape == (1, 4)
    with pytest.raises(ValueError, match="do not fit"):
        View((None, 4), np.arange(8).reshape(2, 4))


def test_a_reshape_of_an_unknown_length_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        View.along((None, 4), np.arange(4), 1).reshaped((2, 2))
    with pytest.raises(ValueError, match="cannot take the shape"):
        View.along((4,), np.arange(4), 0).reshaped((3,))


@given(shapes, st.randoms())
def test_a_permutation_is_that_of_the_whole_tensor(shape: tuple[int, ...], random: object) -> None:
    order = list(range(len(shape)))
    random.shuffle(order)  # type: ignore[attr-defined]  # what hypothesis hands in
    whole = np.arange(np.prod(shape)).reshape(shape)
    moved = compact(shape, whole).permuted(order)
    assert np.array_equal(moved.full(), whole.transpose(order))


@given(shapes, shapes)
def test_a_reshape_is_that_of_the_whole_tensor(one: tuple[int, ...], two: tuple[int, ...]) -> None:
    shape, target = (*one, int(np.prod(two))), (int(np.prod(one)), *two)
    view = View.along(shape, np.arange(shape[-1]), -1)
    assert np.array_equal(view.reshaped(target).full(), view.full().reshape(target))


@given(shapes, st.integers(0, 3), st.integers(1, 4))
def test_a_concatenation_is_that_of_the_whole_tensors(
    shape: tuple[int, ...], axis: int, length: int
) -> None:
    axis %= len(shape)
    other = (*shape[:axis], length, *shape[axis + 1 :])
    one = np.arange(np.prod(shape)).reshape(shape)
    two = 1000 + np.arange(np.prod(other)).reshape(other)
    view = concatenated([compact(shape, one), compact(other, two)], axis)
    assert np.array_equal(view.full(), np.concatenate([one, two], axis))


def test_a_compact_view_varies_only_where_its_labels_do() -> None:
    labels = np.broadcast_to(np.arange(3), (2, 3))
    assert compact((2, 3), labels).labels.tolist() == [[0, 1, 2]]
    assert compact((2, 3), np.zeros((2, 3), int)).labels.shape == (1, 1)
