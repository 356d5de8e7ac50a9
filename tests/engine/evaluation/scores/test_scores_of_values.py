"""Errors of values and R2, equal to scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from pytest_paoding.engine.evaluation.scores.score_names import score_named
from pytest_paoding.engine.evaluation.scores.task_kind import TaskKind
from pytest_paoding.errors import DataError
from support.score_draws import agree, value_draw

SCORES = {
    "mae": metrics.mean_absolute_error,
    "mse": metrics.mean_squared_error,
    "mape": metrics.mean_absolute_percentage_error,
    "r2": metrics.r2_score,
}


def weighed(function):
    return lambda truth, answer, weights: function(truth, answer, sample_weight=weights)


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_values_are_those_of_scikit_learn(draws, name):
    score = score_named(name, TaskKind.REGRESSION)
    for generator in draws(30):
        agree(score, generator, *value_draw(generator), weighed(SCORES[name]))


def test_the_root_mean_squared_error_of_one_output_is_that_of_scikit_learn(draws):
    score = score_named("rmse", TaskKind.REGRESSION)
    for generator in draws(31):
        drawn = value_draw(generator, places=())
        agree(score, generator, *drawn, weighed(metrics.root_mean_squared_error))


@pytest.mark.parametrize("name", ("mae", "mse"))
def test_places_with_weights_count_as_flat_samples(draws, name):
    score = score_named(name, TaskKind.RECONSTRUCTION)

    def flat(truth, answer, weights):
        return SCORES[name](truth.ravel(), answer.ravel(), sample_weight=weights.ravel())

    for generator in draws(32):
        truth, answer = value_draw(generator, places=(2, 3))
        weights = generator.uniform(0, 1, truth.shape) * (generator.random(truth.shape) < 0.7)
        agree(score, generator, truth, answer, flat, places=weights)


def test_r2_of_places_with_weights_is_that_of_each_output_alone(draws):
    score = score_named("r2", TaskKind.REGRESSION)

    def columns(truth, answer, weights):
        return np.mean(
            [
                metrics.r2_score(*each, sample_weight=own)
                for *each, own in zip(truth.T, answer.T, weights.T, strict=True)
            ]
        )

    for generator in draws(33):
        truth, answer = value_draw(generator, places=(3,))
        weights = generator.uniform(0.1, 1, truth.shape)
        agree(score, generator, truth, answer, columns, places=weights)


def test_r2_ignores_what_has_no_weight():
    score = score_named("r2", TaskKind.REGRESSION)
    truth, answer = value_draw(np.random.default_rng(6), places=(3,))
    holes = np.full_like(truth, np.nan), np.zeros_like(truth)
    wide = np.concatenate([truth, holes[0]], axis=1), np.concatenate([answer, holes[1]], axis=1)
    weights = np.concatenate([np.ones_like(truth), holes[1]], axis=1)
    ones = np.ones((1, len(truth)))
    found = score.value(score.rows(*wide, weights), ones)
    assert found == score.value(score.rows(truth, answer), ones)


def test_r2_keeps_its_digits_far_from_zero_and_beside_outliers():
    generator = np.random.default_rng(7)
    truth = generator.normal(size=500)
    answer = truth + generator.normal(size=500) / 2
    expected = metrics.r2_score(truth, answer)
    score, ones = score_named("r2", TaskKind.REGRESSION), np.ones((2, 500))
    far = score.value(score.rows(truth + 2.0**30, answer + 2.0**30), ones)
    assert far == pytest.approx(metrics.r2_score(truth + 2.0**30, answer + 2.0**30), rel=1e-12)
    assert far == pytest.approx(expected, rel=1e-6)
    truth[0] = 1e12
    ones[1, 0] = 0
    found = score.value(score.rows(truth, answer), ones)[1]
    assert found == pytest.approx(metrics.r2_score(truth[1:], answer[1:]), rel=1e-12)


def test_outputs_that_never_vary_are_left_out_of_r2():
    score, ones = score_named("r2", TaskKind.REGRESSION), np.ones((1, 4))
    varying, answer = np.array([1.0, 2, 3, 4]), np.array([1.5, 2, 3, 4])
    both = np.column_stack([varying, np.full(4, 0.1)]), np.column_stack([answer, varying])
    alone = score.value(score.rows(varying, answer), ones)
    assert score.value(score.rows(*both), ones) == alone == pytest.approx(0.95)
    rows = score.rows(varying, answer)
    assert np.isnan(score.value(rows, np.array([[0, 3, 0, 0], [0, 0, 0, 0]]))).all()


def test_rounding_is_not_taken_for_variance():
    generator = np.random.default_rng(9)
    truth, answer = value_draw(generator, places=())
    score = score_named("r2", TaskKind.REGRESSION)
    single = np.diag(generator.uniform(1, 9, len(truth)))
    assert np.isnan(score.value(score.rows(truth, answer), single)).all()


def test_shapes_have_to_agree():
    with pytest.raises(DataError, match="expected the same shape"):
        score_named("mae", TaskKind.REGRESSION).rows(np.zeros((3, 1)), np.zeros(3))
