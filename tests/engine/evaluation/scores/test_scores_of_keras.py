"""Scores that Keras has as well: the same under weights, but for its float32 and approximations."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from support.score_draws import class_draw, label_draw, softmax, value_draw

CLASSES, BINARY, POSITIONS = TaskKind.CLASSES, TaskKind.BINARY, TaskKind.POSITIONS
MULTILABEL, REGRESSION = TaskKind.MULTILABEL, TaskKind.REGRESSION
CLOSE = 3e-5


def hot(numbers, answer):
    return np.eye(answer.shape[-1], dtype="float32")[numbers]


def one_hot(truth, answer):
    return hot(truth, answer), answer


def decided(truth, answer):
    return truth, answer.argmax(axis=-1)


def decided_hot(truth, answer):
    return hot(truth, answer), hot(answer.argmax(axis=-1), answer)


def as_given(truth, answer):
    return truth, answer


def floats(truth, answer):
    return truth.astype("float32"), answer.astype("float32")


def near_zero(truth, answer):
    return floats(truth - 2000, answer - 2000)


m = keras.metrics
PAIRS = (
    (CLASSES, "accuracy", m.SparseCategoricalAccuracy, as_given),
    (CLASSES, "top_1_accuracy", lambda: m.SparseTopKCategoricalAccuracy(1), floats),
    (CLASSES, "top_3_accuracy", lambda: m.SparseTopKCategoricalAccuracy(3), floats),
    (CLASSES, "log_loss", lambda: m.SparseCategoricalCrossentropy(from_logits=True), as_given),
    (CLASSES, "mean_iou", lambda: m.MeanIoU(4, dtype="float32"), decided),
    (CLASSES, "f1", lambda: m.F1Score("macro"), one_hot),
    (CLASSES, "f1_micro", lambda: m.F1Score("micro"), one_hot),
    (CLASSES, "f1_weighted", lambda: m.F1Score("weighted"), one_hot),
    (CLASSES, "recall@2", lambda: m.Recall(class_id=2), decided_hot),
    (CLASSES, "precision@2", lambda: m.Precision(class_id=2), decided_hot),
    (CLASSES, "iou@2", lambda: m.IoU(4, [2], dtype="float32"), decided),
    (POSITIONS, "accuracy", m.SparseCategoricalAccuracy, as_given),
    (POSITIONS, "log_loss", lambda: m.SparseCategoricalCrossentropy(from_logits=True), as_given),
    (MULTILABEL, "log_loss", m.BinaryCrossentropy, floats),
    (MULTILABEL, "f1", lambda: m.F1Score("macro", 0.5), floats),
    (MULTILABEL, "f1_micro", lambda: m.F1Score("micro", 0.5), floats),
    (REGRESSION, "mae", m.MeanAbsoluteError, floats),
    (REGRESSION, "mse", m.MeanSquaredError, floats),
    (REGRESSION, "rmse", m.RootMeanSquaredError, floats),
    (REGRESSION, "r2", m.R2Score, near_zero),
)


def drawn(task, generator):
    """Return data in which every class and label occurs, as Keras counts absent ones as 0."""
    while True:
        if task is MULTILABEL:
            truth, answer = label_draw(generator)
            if truth.any(axis=0).all():
                return truth, answer
        elif task is REGRESSION:
            return value_draw(generator)
        else:
            places = (3,) if task is POSITIONS else ()
            truth, answer = class_draw(generator, places=places, classes=4)
            if len(np.unique(truth)) == 4:
                return truth, answer + generator.uniform(0, 1e-3, answer.shape)  # no ties


def run(make, truth, answer, weights):
    metric = make()
    metric.update_state(truth, answer, sample_weight=weights)
    return float(metric.result())


@pytest.mark.parametrize(
    ("task", "name", "make", "given"), PAIRS, ids=[f"{t.value}-{n}" for t, n, *_ in PAIRS]
)
def test_scores_are_those_of_keras(task, name, make, given):
    score = score_named(name, task)
    for number in range(20):
        generator = np.random.default_rng((50, number))
        truth, answer = drawn(task, generator)
        weights = np.stack([np.ones(len(truth)), generator.uniform(0.2, 2, len(truth))])
        expected = [run(make, *given(truth, answer), each) for each in weights]
        found = score.value(score.rows(truth, answer), weights)
        np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize(
    ("task", "name", "make", "turn"),
    (
        (MULTILABEL, "hamming_loss", m.BinaryAccuracy, lambda share: 1 - share),
        (REGRESSION, "mape", m.MeanAbsolutePercentageError, lambda percent: percent / 100),
    ),
)
def test_keras_tells_shares_of_right_labels_and_percent(task, name, make, turn):
    score = score_named(name, task)
    for number in range(20):
        truth, answer = drawn(task, np.random.default_rng((51, number)))
        ones = np.ones(len(truth))
        found = score.value(score.rows(truth, answer), ones[None])
        expected = turn(run(make, *floats(truth, answer), ones))
        assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("name", ("accuracy", "log_loss", "mae", "mse", "rmse"))
def test_weights_of_places_are_those_of_keras(name):
    generator = np.random.default_rng(52)
    task = POSITIONS if name in {"accuracy", "log_loss"} else REGRESSION
    make = {known: each for kind, known, each, _ in PAIRS if kind is task}[name]
    truth, answer = drawn(POSITIONS, generator)
    if task is REGRESSION:
        truth, answer = truth[..., None].astype(float), answer[..., :1]
    places = generator.uniform(0, 2, truth.shape) * (generator.random(truth.shape) < 0.7)
    score = score_named(name, task)
    found = score.value(score.rows(truth, answer, places), np.ones((1, len(truth))))
    keras_places = places[..., 0] if task is REGRESSION else places
    assert found == pytest.approx(run(make, truth, answer, keras_places), rel=CLOSE)


@pytest.mark.parametrize("name", ("auc", "average_precision"))
def test_areas_of_keras_are_approximations(name):
    curve = {"auc": "ROC", "average_precision": "PR"}[name]
    score = score_named(name, BINARY)
    generator = np.random.default_rng(53)
    truth = generator.integers(0, 2, 2000)
    logit = generator.normal(size=2000) + truth
    answer = np.column_stack([np.zeros(2000), logit])
    found = score.value(score.rows(truth, answer), np.ones((1, 2000)))[0]
    rough = run(lambda: m.AUC(curve=curve), truth, softmax(answer)[:, 1], None)
    fine = run(lambda: m.AUC(5000, curve=curve), truth, softmax(answer)[:, 1], None)
    assert abs(found - fine) < 5e-4
    assert 0 < abs(found - rough) < 5e-3
