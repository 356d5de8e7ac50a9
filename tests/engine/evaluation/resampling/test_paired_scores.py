"""Bounds of scores that are functions of weights: against SciPy, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from pytest_paoding.engine.evaluation.resampling.bias_corrected import (
    acceleration,
    bias_corrected,
    student,
)
from pytest_paoding.engine.evaluation.resampling.confidence_levels import DEVIATES, quantiles
from pytest_paoding.engine.evaluation.resampling.paired_scores import PairedScore, replicated
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.records.evidence import LEVELS, ConfidenceCurve, Contrast
from support.interval_coverage import auc_value, iou_value, mean_value, rmse_value

SHARE, DIFFERENCE, RATIO = Contrast
seeds = st.integers(0, 2**32 - 1)


def curve(score: PairedScore, contrast: Contrast, samples: int, **options: int) -> ConfidenceCurve:
    return replicated([score], Resamples(samples, **options))[0].curve(contrast)


def skewed(seed: int, samples: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=samples)


def test_student_is_scipys() -> None:
    for freedom in (19, 50, 1000):
        np.testing.assert_allclose(
            student(DEVIATES, freedom), stats.t.ppf(LEVELS, freedom), atol=1e-3
        )


def test_acceleration_is_that_of_the_jackknife() -> None:
    values = skewed(1)
    left_out = (values.sum() - values) / 59
    expected = stats.skew(values) / np.sqrt(60) / 6
    assert acceleration(left_out) == pytest.approx(expected)
    assert acceleration(np.append(left_out, np.nan)) == pytest.approx(expected)
    assert acceleration(np.full(5, np.nan)) == acceleration(np.ones(5)) == 0


def test_but_for_the_deviates_it_is_the_bca_of_scipy() -> None:
    values = skewed(2)
    scipys = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20000,
        confidence_level=0.95,
        rng=np.random.default_rng(0),
    )
    drawn, left_out = scipys.bootstrap_distribution, (values.sum() - values) / 59
    bounds = dict(zip(LEVELS, bias_corrected(drawn, values.mean(), left_out, 10**9), strict=True))
    ends = bounds[0.025], bounds[0.975]
    assert ends == pytest.approx(tuple(scipys.confidence_interval), rel=2e-3)
    wider = dict(zip(LEVELS, bias_corrected(drawn, values.mean(), left_out, 60), strict=True))
    assert wider[0.025] < bounds[0.025] < bounds[0.975] < wider[0.975]


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.floats(0, 1))
def test_quantiles_are_weibulls(drawn: list[float], level: float) -> None:
    expected = np.quantile(drawn, level, method="weibull")
    assert quantiles(np.array(drawn), np.array([level]))[0] == pytest.approx(expected, abs=1e-9)


def test_quantiles_next_to_infinite_draws_are_infinite() -> None:
    found = quantiles(np.array([-np.inf, 1.0, 2.0, np.inf]), np.array([0.1, 0.3, 0.5, 0.7, 0.9]))
    np.testing.assert_array_equal(found, [-np.inf, -np.inf, 1.5, np.inf, np.inf])
    np.testing.assert_array_equal(quantiles(np.array([1.0, np.inf]), np.array([1 / 3])), [1.0])


def test_a_steep_correction_ends_at_the_outermost_resamples() -> None:
    drawn = np.random.default_rng(0).normal(size=2000)
    left_out = np.array([0.0] * 30 + [-50.0])  # one sample is nearly all of the value
    bounds = bias_corrected(drawn, 0.0, left_out, 31)
    assert bounds[-1] == drawn.max()
    assert (np.diff(bounds) >= 0).all()


def test_local_scores_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    labels, scores = rng.integers(0, 2, 80), rng.integers(0, 9, 80) / 8
    weights = rng.integers(0, 4, (5, 80)).astype(float)
    found = auc_value(np.stack([labels, scores], axis=1), weights)
    expected = [roc_auc_score(labels, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(found, expected)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_bounds_grow_and_hold_what_was_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.arange(50) % 2
    pair = [np.stack([labels, labels + rng.normal(size=50)], axis=1) for _ in range(2)]
    (found,) = replicated([PairedScore(auc_value, *pair)], Resamples(50, seed % 7))
    after, before = (roc_auc_score(*rows.T) for rows in pair)
    values = {SHARE: after, DIFFERENCE: before - after, RATIO: after / before}
    for contrast, value in values.items():
        curve = found.curve(contrast)
        assert (np.diff(curve.bounds) >= 0).all()
        assert curve.bounds[len(LEVELS) // 2] == pytest.approx(value)
        assert (curve.method, curve.samples, curve.replicates) == ("bca", 50, 2000)


def test_models_are_compared_on_the_same_resamples() -> None:
    rows = skewed(4)
    worse = rows + 1e-3 * skewed(5)
    score = PairedScore(rmse_value, worse, rows)
    low, high = curve(score, DIFFERENCE, 60).interval()
    each = curve(score, SHARE, 60).interval()
    assert high - low < (each[1] - each[0]) / 100


def test_several_share_one_pass_and_get_what_each_would_alone() -> None:
    rows = np.random.default_rng(0).random((40, 6))
    scores = [
        PairedScore(iou_value, rows, rows[::-1].copy()),
        PairedScore(rmse_value, rows[:, 0], rows[:, 1], rows[:, 2]),
    ]
    together = replicated(scores, Resamples(40))
    for score, found in zip(scores, together, strict=True):
        assert found.curve(DIFFERENCE) == curve(score, DIFFERENCE, 40)
    assert replicated([], Resamples(40)) == []


def test_rows_may_be_several_arrays() -> None:
    rows = skewed(1), skewed(2)

    def value(parts: tuple[np.ndarray, np.ndarray], weights: np.ndarray) -> np.ndarray:
        return weights @ parts[0] / (weights @ parts[1])

    score = PairedScore(value, rows, tuple(each.copy() for each in rows))
    assert score.same
    low, high = curve(score, SHARE, 60).interval()
    assert low < rows[0].sum() / rows[1].sum() < high
    assert not PairedScore(value, rows, rows[::-1]).same


def test_weights_of_samples_weight_them() -> None:
    rows, weights = skewed(3), np.random.default_rng(0).random(60)
    (found,) = replicated([PairedScore(mean_value, rows, weights=weights)], Resamples(60))
    assert found.found[1] == pytest.approx(np.average(rows, weights=weights))
    weights[:50] = 0
    few = curve(PairedScore(mean_value, rows, weights=weights), SHARE, 60)
    assert (few.samples, few.reason) == (10, "an interval takes 20 samples")


def test_a_model_next_to_itself_is_neither_better_nor_worse() -> None:
    rows = skewed(1)
    calls = []

    def counted(rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        calls.append(len(weights))
        return rmse_value(rows, weights)

    score = PairedScore(counted, rows, rows.copy())
    (found,) = replicated([score], Resamples(60))
    assert sum(calls) == 1 + 2000 + 60  # one value is enough
    assert found.curve(DIFFERENCE).interval(0.999) == (0, 0)
    assert found.curve(RATIO).interval() == (1, 1)


def few_positives(number: int) -> np.ndarray:
    labels = (np.arange(100) < number).astype(float)
    return np.stack([labels, labels + np.random.default_rng(2).normal(size=100)], axis=1)


@pytest.mark.parametrize(
    ("score", "contrast", "reason"),
    (
        (PairedScore(mean_value, np.full(100, 0.1)), SHARE, "it is the same in every resample"),
        (PairedScore(mean_value, skewed(0, 100)), RATIO, "there is no value before"),
        (PairedScore(auc_value, few_positives(0)), SHARE, "the value is undefined"),
        (PairedScore(auc_value, few_positives(2)), SHARE, "it is undefined in 1"),
        (
            PairedScore(mean_value, skewed(0, 100), skewed(1, 100) - 0.9),
            RATIO,
            "the value before pruning may be 0",
        ),
        (
            PairedScore(mean_value, skewed(0, 100), -skewed(1, 100)),
            RATIO,
            "the value before pruning may be 0",
        ),
    ),
)
def test_without_an_interval_there_is_a_reason(
    score: PairedScore, contrast: Contrast, reason: str
) -> None:
    found = curve(score, contrast, 100)
    assert found.bounds == ()
    assert found.reason.startswith(reason)


def test_a_few_undefined_resamples_are_left_out() -> None:
    (found,) = replicated([PairedScore(auc_value, few_positives(6))], Resamples(100))
    assert 0 < np.isnan(found.drawn[1]).sum() < 20
    assert found.curve(SHARE).interval() is not None


def test_fewer_resamples_tell_less() -> None:
    found = curve(PairedScore(mean_value, skewed(1)), SHARE, 60, replicates=199)
    assert found.surest == pytest.approx(0.99)
    assert found.interval(0.999) == found.interval(0.99)
