from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.tasks.class_task import ClassTask, classes_of
from pytest_paoding.engine.ports import Port
from pytest_paoding.errors import DataError, EvaluationError

DIGIT = Port(("digit",), (10,), "float32")
BENIGN = Port(("benign",), (1,), "float32")


@given(st.lists(st.integers(0, 9), max_size=20))
def test_every_kind_of_label_gives_the_same_numbers(numbers):
    expected = np.array(numbers, np.int64)
    one_hot = np.eye(10)[expected] if numbers else np.zeros((0, 10))
    kinds = [
        numbers,
        expected[:, None],
        expected.astype("uint8"),
        expected.astype("float16"),
        one_hot,
        one_hot.astype(bool),
        one_hot.astype("float32"),
    ]
    for kind in kinds:
        found = ClassTask(DIGIT, "").truth(kind)
        assert found.dtype == np.int64
        assert found.tolist() == numbers


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_a_single_unit_takes_two_classes(numbers):
    expected = np.array(numbers, int)
    for kind in (numbers, expected[:, None], expected.astype(float), np.eye(2)[expected]):
        assert ClassTask(BENIGN, "").truth(kind).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("labels", "output", "message"),
    (
        ([3, 10], DIGIT, "labels of output 'digit' run from 3 to 10: its 10 classes are numbered"),
        ([-1, 1], BENIGN, "labels of output 'benign' run from -1 to 1: its 2 classes are numbered"),
        ([0.5, 1], BENIGN, 'no class numbers: 0.5 in sample 0: set task = "regression"'),
        ([1, float("nan")], DIGIT, "no class numbers: nan in sample 1"),
        (["cat"], DIGIT, "are no numbers (['cat']): number them"),
        ([[1, 2], [3]], DIGIT, "labels of output 'digit' are no array"),
        (np.full((4, 10), 0.1), DIGIT, "are not one-hot: row 0 is [0.1, 0.1"),
        (np.eye(10)[[1, 2]] * 2, DIGIT, "are not one-hot: row 0"),
        (np.zeros((4, 3)), DIGIT, "have the shape (4, 3): expected class numbers"),
        (np.zeros((4, 3, 1)), DIGIT, "have the shape (4, 3, 1): expected class numbers"),
    ),
)
def test_other_labels_are_refused(labels, output, message):
    with pytest.raises(DataError) as caught:
        ClassTask(output, "").truth(labels)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "classes"), (((10,), 10), ((1,), 2), ((), 2), ((1, 1, 7), 7), ((2,), 2))
)
def test_the_number_of_classes_is_that_of_the_units(shape, classes):
    assert classes_of(Port(("x",), shape, "float32")) == classes


@pytest.mark.parametrize(
    ("shape", "dtype"), (((8, 8, 3), "float32"), ((None,), "float32"), ((4,), "int32"))
)
def test_what_is_not_one_row_of_scores_is_no_classifier(shape, dtype):
    with pytest.raises(EvaluationError, match=r"output 'mask' of shape \(batch, .* is not that of"):
        classes_of(Port(("mask",), shape, dtype))
