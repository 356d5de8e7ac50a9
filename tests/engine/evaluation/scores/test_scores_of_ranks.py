"""Areas under curves, equal to scikit-learn's, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import DataError
from support.score_draws import agree, class_draw, label_draw, softmax

AREAS = {"auc": metrics.roc_auc_score, "average_precision": metrics.average_precision_score}


def column(name, truth, scores, weights):
    """Return scikit-learn's number for one column, NaN where there is none."""
    if not truth.any() or truth.all():
        return np.nan
    return AREAS[name](truth, scores, sample_weight=weights)


def over_columns(name):
    def reference(truth, answer, weights):
        columns = range(answer.shape[1])
        found = [column(name, truth[:, each], answer[:, each], weights) for each in columns]
        return np.nanmean(found)

    return reference


@pytest.mark.parametrize("name", AREAS)
def test_areas_of_two_classes_are_those_of_scikit_learn(draws, name):
    score = score_named(name, TaskKind.BINARY)
    for generator in draws(10):
        truth, answer = class_draw(generator, classes=2)

        def reference(truth, answer, weights):
            return column(name, truth, answer[:, 1] - answer[:, 0], weights)

        agree(score, generator, truth, answer, reference)


@pytest.mark.parametrize("name", AREAS)
def test_areas_of_classes_are_means_of_one_against_the_rest(draws, name):
    score = score_named(name, TaskKind.CLASSES)
    for generator in draws(11):
        truth, answer = class_draw(generator)
        rows = score.rows(truth, answer)
        np.testing.assert_allclose(rows[1], softmax(answer), rtol=1e-12)
        hot = truth[:, None] == np.arange(answer.shape[1])
        agree(score, generator, hot, rows[1], over_columns(name), rows=rows)


def test_the_area_of_classes_is_that_which_scikit_learn_calls_so(draws):
    score, compared = score_named("auc", TaskKind.CLASSES), 0
    for generator in draws(12):
        truth, answer = class_draw(generator, classes=3)
        if len(np.unique(truth)) == 3:
            rows = score.rows(truth, answer)
            expected = metrics.roc_auc_score(truth, rows[1], multi_class="ovr")
            assert score.value(rows, np.ones((1, len(truth)))) == pytest.approx(expected)
            compared += 1
    assert compared > 20


@pytest.mark.parametrize("name", AREAS)
def test_areas_of_labels_are_means_over_labels(draws, name):
    score = score_named(name, TaskKind.MULTILABEL)
    for generator in draws(13):
        agree(score, generator, *label_draw(generator), over_columns(name))


@pytest.mark.parametrize("name", AREAS)
def test_without_negatives_or_positives_there_is_no_area(name):
    score = score_named(name, TaskKind.BINARY)
    answer = np.arange(8.0).reshape(4, 2) ** 2
    rows = score.rows([0, 1, 1, 0], answer)
    weights = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]])
    np.testing.assert_equal(score.value(rows, weights), [np.nan, np.nan, np.nan])


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("absent", (0, 1))
@pytest.mark.parametrize("there", (False, True))
def test_nor_is_there_one_by_the_rounding_of_weights(name, absent, there):
    generator = np.random.default_rng(4)
    weights, answer = generator.random((40, 200)), generator.normal(size=(200, 2))
    truth = np.full(200, 1 - absent)
    if there:  # but of no account
        truth[:9], weights[:, :9] = absent, 0
    score = score_named(name, TaskKind.BINARY)
    assert np.isnan(score.value(score.rows(truth, answer), weights)).all()


def test_logits_that_saturate_are_still_ranked():
    score = score_named("auc", TaskKind.BINARY)
    rows = score.rows([0, 1], np.array([[0, 100], [0, 200]], np.float32))
    assert score.value(rows, np.ones((1, 2))) == 1


def test_areas_take_no_weights_of_places():
    with pytest.raises(DataError, match="auc takes no weights of places"):
        score_named("auc", TaskKind.CLASSES).rows([0, 1], np.eye(2), [1, 1])
