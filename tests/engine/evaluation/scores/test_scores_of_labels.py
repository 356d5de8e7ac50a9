"""Scores of several labels a sample, equal to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import DataError, EvaluationError
from support.score_draws import agree, label_draw


def decided(function, **options):
    def reference(truth, answer, weights):
        given = answer > 0.5
        if truth.shape[1] > 1:
            return function(truth, given, sample_weight=weights, **options)
        # scikit-learn takes a single column for two classes, unless it has another beside it.
        pair = [np.column_stack([each, np.zeros(len(each), int)]) for each in (truth, given)]
        return function(*pair, sample_weight=weights, **options)

    return reference


def averaged(function, average):
    return decided(function, average=average, zero_division=np.nan)


def precision(truth, answer, weights):
    """Return the mean over labels that occur or are given, 0 for those that are not given."""
    known = np.flatnonzero((truth + (answer > 0.5)).any(axis=0))
    function = decided(metrics.precision_score, labels=known, average="macro", zero_division=0.0)
    return function(truth, answer, weights) if len(known) else np.nan


def hamming(truth, answer, weights):
    wrong = ((answer > 0.5) != truth).mean(axis=1)
    return np.average(wrong, weights=weights)


def log_loss(truth, answer, weights):
    columns = zip(truth.T, answer.T, strict=True)
    return np.mean(
        [
            metrics.log_loss(each, scores, sample_weight=weights, labels=[0, 1])
            for each, scores in columns
        ]
    )


SCORES = {
    "exact_match": decided(metrics.accuracy_score),
    "hamming_loss": hamming,
    "log_loss": log_loss,
    "recall": averaged(metrics.recall_score, "macro"),
    "precision": precision,
    "f1": averaged(metrics.f1_score, "macro"),
    "f1_micro": averaged(metrics.f1_score, "micro"),
    "f1_weighted": averaged(metrics.f1_score, "weighted"),
    "recall@0": decided(metrics.recall_score, labels=[0], average="macro", zero_division=np.nan),
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_labels_are_those_of_scikit_learn(draws, name):
    score = score_named(name, TaskKind.MULTILABEL)
    for generator in draws(20):
        agree(score, generator, *label_draw(generator), SCORES[name])


def test_hamming_loss_is_that_of_scikit_learn(draws):
    score = score_named("hamming_loss", TaskKind.MULTILABEL)
    for generator in draws(21):
        truth, answer = label_draw(generator)
        found = score.value(score.rows(truth, answer), np.ones((1, len(truth))))
        assert found == pytest.approx(metrics.hamming_loss(truth, answer > 0.5))


def test_certain_answers_have_a_finite_loss():
    score = score_named("log_loss", TaskKind.MULTILABEL)
    rows = score.rows([[1, 0]], np.array([[0, 0]], np.float32))
    loss = score.value(rows, np.ones((1, 1)))
    assert loss == pytest.approx(-np.log(np.finfo(np.float32).eps) / 2, rel=1e-6)


def test_rows_hold_labels_that_occur_only():
    score = score_named("f1", TaskKind.MULTILABEL)
    answer = np.zeros((10, 4000))
    answer[:, 7] = 1
    rows = score.rows(np.zeros((10, 4000)), answer)
    assert rows[0].tolist() == [[7]] * 10


@pytest.mark.parametrize(
    ("truth", "answer", "weights", "error", "said"),
    (
        ([[0, 1]], [[0.5]], None, DataError, "does not fit"),
        ([0, 1], [0.5, 1], None, DataError, "does not fit"),
        ([[0, 2]], [[0.5, 1]], None, DataError, "other numbers than 0 and 1"),
        ([[0, 1]], [[0.5, 1]], [[1, 1]], DataError, "no weights of their own"),
        ([[0, 1]], [[0.5, 1.5]], None, EvaluationError, "no probabilities"),
        ([[0, 1]], [[0.5, np.nan]], None, EvaluationError, "no probabilities"),
    ),
)
def test_data_that_does_not_fit_is_refused(truth, answer, weights, error, said):
    with pytest.raises(error, match=said):
        score_named("exact_match", TaskKind.MULTILABEL).rows(truth, answer, weights)
