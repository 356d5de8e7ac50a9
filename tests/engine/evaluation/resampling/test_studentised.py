"""Bounds of means by the bootstrap-t: against a plain one, under changes of scale, at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.resampling.confidence_levels import quantiles
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.studentised import studentised_curves
from pytest_paoding.records.evidence import LEVELS, ConfidenceCurve, Contrast

SHARE, DIFFERENCE, RATIO = Contrast
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, samples: int = 40) -> PairedMeans:
    z = np.random.default_rng(seed).normal(size=(2, samples))
    return PairedMeans(after=np.exp(0.3 * z[0] + z[1]), before=np.exp(z[0]))


def curve(means: PairedMeans, contrast: Contrast, **options: int) -> ConfidenceCurve:
    (found,) = studentised_curves([(means, contrast)], Resamples(len(means.after), **options))
    return found


def numbers(found: ConfidenceCurve) -> np.ndarray:
    """The bounds, NaN for those that are unknown."""
    return np.array(found.bounds, np.float64)


def test_of_a_mean_it_is_the_plain_bootstrap_t() -> None:
    values, resamples = drawn(1).after, Resamples(40, 1)
    counts = np.concatenate(list(resamples.blocks()))
    studentised = []
    for row in counts.astype(int):
        sample = np.repeat(values, row)
        studentised.append((sample.mean() - values.mean()) / sample.std() * np.sqrt(40))
    error = values.std() / np.sqrt(40)
    expected = [
        values.mean() - quantiles(np.array(studentised), np.array([1 - level]))[0] * error
        for level in (0.025, 0.975)
    ]
    assert curve(PairedMeans(values), SHARE, seed=1).interval() == pytest.approx(expected)


def test_of_a_ratio_its_bounds_are_where_the_test_statistic_is() -> None:
    means, resamples = drawn(2), Resamples(40, 2)
    found = means.after.mean() / means.before.mean()
    counts = np.concatenate(list(resamples.blocks()))

    def statistic(ratio: float, weights: np.ndarray) -> np.ndarray:
        deviations = means.after - ratio * means.before
        mean = weights @ deviations / 40
        return mean / np.sqrt((weights @ deviations**2 / 40 - mean**2) / 40)

    resampled = statistic(found, counts)
    for level, bound in zip(LEVELS, curve(means, RATIO, seed=2).bounds, strict=True):
        if abs(level - 0.5) > 0.2:
            share = (resampled <= statistic(bound, np.ones((1, 40)))).mean()
            assert share == pytest.approx(1 - level, abs=1.1 / 2000)


@settings(max_examples=25)
@given(st.sampled_from(Contrast), seeds, st.sampled_from((1e-6, 0.5, 3e8)))
def test_units_and_equal_weights_do_not_matter(contrast: Contrast, seed: int, scale: float) -> None:
    means = drawn(seed)
    scaled = PairedMeans(scale * means.after, scale * means.before, np.full(40, 7.0))
    unit = 1 if contrast is RATIO else scale
    found, expected = (numbers(curve(each, contrast)) for each in (scaled, means))
    np.testing.assert_allclose(found, unit * expected, rtol=1e-6)


@settings(max_examples=25)
@given(st.sampled_from(Contrast), seeds, st.integers(20, 90))
def test_bounds_grow_and_hold_what_was_found(contrast: Contrast, seed: int, samples: int) -> None:
    means = drawn(seed, samples)
    found = curve(means, contrast)
    before, after = means.before.mean(), means.after.mean()
    value = {SHARE: after, DIFFERENCE: before - after, RATIO: after / before}[contrast]
    known = [bound for bound in found.bounds if bound is not None]
    assert (np.diff(known) >= 0).all()
    assert found.bounds[len(LEVELS) // 2] == pytest.approx(value)
    assert (found.samples, found.method, found.replicates) == (samples, "bootstrap-t", 2000)


def test_several_share_one_pass_and_get_what_each_would_alone() -> None:
    asked = [(drawn(seed), contrast) for seed in (1, 2) for contrast in Contrast]
    together = studentised_curves(asked, Resamples(40))
    for each, found in zip(asked, together, strict=True):
        np.testing.assert_allclose(numbers(found), numbers(curve(*each)), rtol=1e-9)
    assert studentised_curves([], Resamples(40)) == []


def test_weights_are_those_of_a_weighted_mean() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.exponential(size=200), rng.integers(1, 5, 200)
    low, high = curve(PairedMeans(values, weights=weights), SHARE).interval()
    assert low < np.average(values, weights=weights) < high
    ends = np.array([low, high])
    plain = np.array(curve(PairedMeans(np.repeat(values, weights)), SHARE).interval())
    assert np.ptp(plain) < np.ptp(ends)  # a weight is no second sample


@pytest.mark.parametrize(
    ("means", "contrast", "reason"),
    (
        (PairedMeans(np.arange(19.0)), SHARE, "an interval takes 20 samples"),
        (PairedMeans(np.arange(30.0), weights=np.arange(30) > 20), SHARE, "an interval takes 20"),
        (PairedMeans(np.full(30, 0.1)), SHARE, "it is the same in every resample"),
        (
            PairedMeans(np.full(30, 0.1), np.full(30, 0.3)),
            DIFFERENCE,
            "it is the same in every resample",
        ),
        (
            PairedMeans(np.arange(30.0) * 3, np.arange(30.0)),
            RATIO,
            "it is the same in every resample",
        ),
        (PairedMeans(np.arange(30.0)), DIFFERENCE, "there is no value before"),
        (PairedMeans(np.arange(30.0), np.zeros(30)), RATIO, "the value before pruning may be 0"),
        (PairedMeans(np.full(30, np.inf)), SHARE, "the value is undefined"),
    ),
)
def test_without_an_interval_there_is_a_reason(
    means: PairedMeans, contrast: Contrast, reason: str
) -> None:
    found = curve(means, contrast)
    assert found.bounds == ()
    assert found.interval() is None
    assert found.reason.startswith(reason)


def test_a_model_next_to_itself_is_neither_better_nor_worse() -> None:
    values = drawn(1).after
    same = PairedMeans(values, values.copy())
    assert curve(same, DIFFERENCE).interval() == (0, 0)
    assert curve(same, RATIO).interval(0.999) == (1, 1)
    low, high = curve(same, SHARE).interval()
    assert low < values.mean() < high


def test_a_value_before_that_may_be_zero_leaves_the_ratio_unbounded() -> None:
    z = np.random.default_rng(3).normal(size=(2, 50))
    means = PairedMeans(after=z[0] + 3, before=z[1] + 0.2 - z[1].mean())
    found = curve(means, RATIO)
    assert found.interval() is None
    assert found.reason is None
    assert found.bounds[0] is found.bounds[-1] is None


def test_where_hardly_any_sample_differs_nothing_is_bounded() -> None:
    """Most resamples have no deviation at all, so no standard error to measure by."""
    means = PairedMeans(after=np.eye(1, 40)[0])
    assert curve(means, SHARE).interval() is None
