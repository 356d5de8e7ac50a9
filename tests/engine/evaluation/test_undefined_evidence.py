"""What is undefined has no evidence of what it would be, so that every record can be read back."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from pytest_paoding.engine.evaluation.accuracy import accuracy_metrics
from pytest_paoding.engine.evaluation.breakdown.class_decay import class_groups, class_metric
from pytest_paoding.engine.evaluation.corrupted import corruption_metrics
from pytest_paoding.engine.evaluation.evaluate import evaluate
from pytest_paoding.engine.evaluation.robustness import robustness_metrics
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Evaluation, Measurement
from support.judged import answers, observed

CLASSES = 3


def require_readable(found: dict[str, Measurement]) -> None:
    """Fail unless all that was measured survives its way through a report."""
    for name, each in found.items():
        assert Measurement.from_dict(json.loads(json.dumps(each.to_dict()))) == each, name
        assert each.found is not None or each.reason, name


@st.composite
def rows_of(draw: st.DrawFn, size: int) -> list[bool]:
    """Draw for each sample whether something holds, often for all or for none of them."""
    every = st.sampled_from((True, False)).map(lambda each: [each] * size)
    return draw(every | st.lists(st.booleans(), min_size=size, max_size=size))


@st.composite
def sides(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Draw labels, of which a class may be absent, and the answers of two models."""
    size = draw(st.integers(1, 12))
    labels = np.array(draw(st.lists(st.integers(0, CLASSES - 1), min_size=size, max_size=size)))
    both = []
    for _ in range(2):
        right, robust, corrupted = (np.array(draw(rows_of(size))) for _ in range(3))
        predicted = np.where(right, labels, (labels + 1) % CLASSES)
        both.append(answers(predicted, [robust & right], corrupted=corrupted[None]))
    return (labels, *both)


@settings(max_examples=150)
@given(sides())
def test_whatever_is_right_or_wrong_can_be_read_back(drawn: tuple[Any, Any, Any]) -> None:
    labels, before, after = drawn
    seen = observed(before, after, labels, epsilons=(0.1,), versions=(("noise", 1),))
    require_readable(accuracy_metrics(seen))
    require_readable(robustness_metrics(seen))
    require_readable(corruption_metrics(seen))
    require_readable(class_metric(seen, class_groups(seen)))


def of_columns(first: int) -> keras.Model:
    """Return a model whose answer is the greatest of three columns of its input."""
    model = keras.Sequential([keras.Input((2 * CLASSES,)), layers.Dense(3, activation="softmax")])
    kernel = np.zeros((2 * CLASSES, CLASSES), "float32")
    kernel[first : first + CLASSES] = 9 * np.eye(CLASSES)
    model.set_weights([kernel, np.zeros(CLASSES, "float32")])
    return model


ALL, NONE, SOME = (lambda y: y), (lambda y: (y + 1) % CLASSES), np.zeros_like


@pytest.mark.parametrize("before", (ALL, NONE, SOME), ids=("all", "none", "some"))
@pytest.mark.parametrize("after", (ALL, NONE, SOME), ids=("all", "none", "some"))
@pytest.mark.parametrize("absent", (False, True), ids=("", "a class is absent"))
def test_whole_evaluations_can_be_read_back(before: Any, after: Any, absent: bool) -> None:  # noqa: FBT001
    labels = np.arange(12) % (CLASSES - absent)
    answered = [np.eye(CLASSES, dtype="float32")[side(labels)] for side in (before, after)]
    found = evaluate(
        of_columns(0),
        of_columns(CLASSES),
        (np.concatenate(answered, axis=1), labels),
        epsilons=(0.01,),
        input_range=(0.0, 1.0),
        corruptions=("noise",),
        severities=(1,),
        score=("accuracy", "f1", "recall", "log_loss", "auc", "mean_iou"),
        slices=lambda x, _: np.arange(len(x)) % 2,
    )
    assert Evaluation.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("counts", ((0, 0, 0, 0), (0, 0, 3, 4)))
def test_no_ratio_to_nothing_can_be_made(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"evidence of \d samples, 0 of them right before"):
        Evidence(Contrast.RATIO, *counts)
