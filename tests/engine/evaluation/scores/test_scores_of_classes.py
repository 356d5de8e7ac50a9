"""Scores of classes, equal to scikit-learn's: plain, weighted and drawn with replacement."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import DataError, EvaluationError
from support.score_draws import agree, class_draw, softmax


def decided(function, **options):
    """Return a reference that compares class numbers."""
    return lambda truth, answer, weights: function(
        truth, answer.argmax(axis=-1), sample_weight=weights, **options
    )


def averaged(function, average, undefined=np.nan):
    return decided(function, average=average, zero_division=undefined)


def single(function, number):
    """Return a reference for one class; a precision is 0 where the class occurs."""

    def reference(truth, answer, weights):
        occurs = function is metrics.precision_score and (truth == number).any()
        undefined = 0.0 if occurs else np.nan
        found = decided(function, labels=[number], average="macro", zero_division=undefined)
        return found(truth, answer, weights)

    return reference


def of_jaccard(truth, answer, weights):
    """Return the mean over classes that occur; scikit-learn warns of others, and has no NaN."""
    given = answer.argmax(axis=-1)
    known = np.unique(np.concatenate([truth, given]))
    return metrics.jaccard_score(truth, given, labels=known, average="macro", sample_weight=weights)


def log_loss(truth, answer, weights):
    labels = np.arange(answer.shape[-1])
    return metrics.log_loss(truth, softmax(answer), sample_weight=weights, labels=labels)


def top(count):
    def reference(truth, answer, weights):
        labels = np.arange(answer.shape[-1])
        return metrics.top_k_accuracy_score(
            truth, answer, k=count, sample_weight=weights, labels=labels
        )

    return reference


BOTH = {
    "accuracy": decided(metrics.accuracy_score),
    "balanced_accuracy": decided(metrics.balanced_accuracy_score),
    "log_loss": log_loss,
    "f1_micro": averaged(metrics.f1_score, "micro"),
    "f1_weighted": averaged(metrics.f1_score, "weighted"),
    "mean_iou": of_jaccard,
    "recall@1": single(metrics.recall_score, 1),
    "precision@0": single(metrics.precision_score, 0),
    "f1@1": single(metrics.f1_score, 1),
}
CLASSES = {
    **BOTH,
    "recall": averaged(metrics.recall_score, "macro"),
    "precision": averaged(metrics.precision_score, "macro", 0.0),
    "f1": averaged(metrics.f1_score, "macro"),
}
BINARY = {
    **BOTH,
    "recall": single(metrics.recall_score, 1),
    "precision": single(metrics.precision_score, 1),
    "f1": single(metrics.f1_score, 1),
    "f1_macro": averaged(metrics.f1_score, "macro"),
}


@pytest.mark.parametrize("name", CLASSES)
def test_scores_of_classes_are_those_of_scikit_learn(draws, name):
    score = score_named(name, TaskKind.CLASSES)
    for generator in draws(0):
        agree(score, generator, *class_draw(generator), CLASSES[name])


@pytest.mark.parametrize("name", BINARY)
def test_scores_of_two_classes_are_those_of_scikit_learn(draws, name):
    score = score_named(name, TaskKind.BINARY)
    for generator in draws(1):
        agree(score, generator, *class_draw(generator, classes=2), BINARY[name])


@pytest.mark.parametrize("count", (1, 2, 3))
def test_top_accuracies_are_those_of_scikit_learn_ties_included(draws, count):
    score = score_named(f"top_{count}_accuracy", TaskKind.CLASSES)
    for generator in draws(2):
        drawn = class_draw(generator, classes=int(generator.integers(4, 8)))
        agree(score, generator, *drawn, top(count))


@pytest.mark.parametrize("name", CLASSES)
def test_scores_of_positions_weigh_places_and_samples(draws, name):
    score = score_named(name, TaskKind.POSITIONS)
    for generator in draws(3):
        places = tuple(generator.integers(1, 5, int(generator.integers(1, 3))))
        truth, answer = class_draw(generator, places=places)
        weights = generator.uniform(0, 2, truth.shape) * (generator.random(truth.shape) < 0.8)

        def flat(truth, answer, weights):
            there = weights.ravel() > 0
            rows = answer.reshape(-1, answer.shape[-1])
            return CLASSES[name](truth.ravel()[there], rows[there], weights.ravel()[there])

        agree(score, generator, truth, answer, flat, places=weights)


def test_dice_is_f1_under_another_name():
    truth, answer = class_draw(np.random.default_rng(0), places=(3,))
    dice, f1 = (score_named(name, TaskKind.POSITIONS) for name in ("dice", "f1"))
    ones = np.ones((1, len(truth)))
    found = dice.value(dice.rows(truth, answer), ones)
    assert found == f1.value(f1.rows(truth, answer), ones) != 1


@pytest.mark.parametrize("name", ("accuracy", "top_1_accuracy", "log_loss", "f1", "mean_iou"))
def test_what_is_ignored_may_be_any_number_and_changes_nothing(name):
    generator = np.random.default_rng(4)
    truth, answer = class_draw(generator, places=(6,), classes=4)
    weights = np.repeat([[1, 1, 1, 0, 0, 0]], len(truth), axis=0)
    score, ones = score_named(name, TaskKind.POSITIONS), np.ones((1, len(truth)))
    there = score.value(score.rows(truth[:, :3], answer[:, :3]), ones)
    ignored = np.where(weights > 0, truth, 255)
    assert score.value(score.rows(ignored, answer, weights), ones) == pytest.approx(there)


@pytest.mark.parametrize(
    ("name", "expected"),
    (("precision@1", 0), ("precision", 0.25), ("recall@2", np.nan), ("recall", 0.5)),
)
def test_a_model_gains_nothing_by_giving_up_a_class(name, expected):
    score = score_named(name, TaskKind.CLASSES)
    rows = score.rows([0, 1, 0, 1], np.tile([1, 0, 0], (4, 1)))
    np.testing.assert_equal(score.value(rows, np.ones((1, 4))), [expected])


def test_log_loss_is_exact_where_probabilities_are_saturated():
    score = score_named("log_loss", TaskKind.BINARY)
    rows = score.rows(np.array([0, 1]), np.array([[0, 1000], [0, 800]], np.float32))
    assert score.value(rows, np.ones((1, 2))) == 500


@pytest.mark.parametrize("dtype", (np.float16, np.uint8, np.int64))
@pytest.mark.parametrize("name", CLASSES)
def test_answers_of_any_dtype_are_scored_as_floats(name, dtype):
    generator = np.random.default_rng(8)
    truth, answer = generator.integers(0, 4, 50), generator.integers(0, 9, (50, 4))
    score = score_named(name, TaskKind.CLASSES)
    found, expected = (
        score.value(score.rows(truth, answer.astype(each)), np.ones((1, 50)))
        for each in (dtype, float)
    )
    assert found == expected


def test_many_classes_cost_no_more_than_few():
    generator = np.random.default_rng(5)
    truth, answer = generator.integers(0, 5000, 300), generator.normal(size=(300, 5000))
    score = score_named("f1", TaskKind.CLASSES)
    rows = score.rows(truth, answer)
    assert sum(each.nbytes for each in rows) < 300 * 60
    agree(score, generator, truth, answer, CLASSES["f1"], rows=rows)


@pytest.mark.parametrize(
    ("truth", "answer", "weights", "said"),
    (
        ([0, 1], np.zeros((3, 2)), None, r"shape \(2,\) does not fit"),
        ([0, 2], np.zeros((2, 2)), None, "truth runs from 0 to 2: the 2 classes"),
        ([0, -1], np.zeros((2, 2)), None, "truth runs from -1 to 0"),
        ([0, 0.5], np.zeros((2, 2)), None, "not whole"),
        ([0, np.nan], np.zeros((2, 2)), None, "not whole"),
        ([0, 1], np.zeros((2, 2)), [1], "weights of shape"),
        ([0, 1], np.zeros((2, 2)), [1, -1], "negative or not finite"),
        ([0, 1], np.zeros((2, 2)), [1, np.inf], "negative or not finite"),
    ),
)
def test_data_that_does_not_fit_is_refused(truth, answer, weights, said):
    with pytest.raises(DataError, match=said):
        score_named("accuracy", TaskKind.CLASSES).rows(truth, answer, weights)


def test_answers_that_a_score_cannot_be_taken_of_are_refused():
    answer = np.zeros((2, 3))
    with pytest.raises(EvaluationError, match="a class that is not there: the 3 classes"):
        score_named("recall@3", TaskKind.CLASSES).rows([0, 1], answer)
    with pytest.raises(EvaluationError, match="is 1 whatever a model answers"):
        score_named("top_3_accuracy", TaskKind.CLASSES).rows([0, 1], answer)
    with pytest.raises(DataError, match="not logits of two classes"):
        score_named("accuracy", TaskKind.BINARY).rows([0, 1], answer)
