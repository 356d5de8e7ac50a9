"""Bounds of means within known ends: of 0 and 1 alone they are those of the tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.engine.evaluation.resampling import score_bounds
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.records.evidence import LEVELS, Contrast, Evidence

SHARE, DIFFERENCE, RATIO = Contrast
cells = st.integers(0, 60)
seeds = st.integers(0, 2**32 - 1)


def means_of(both: int, lost: int, gained: int, neither: int) -> PairedMeans:
    counts = (both, lost, gained, neither)
    return PairedMeans(
        after=np.repeat([1.0, 0.0, 1.0, 0.0], counts),
        before=np.repeat([1.0, 1.0, 0.0, 0.0], counts),
    )


def drawn(seed: int, samples: int, *, versions: int = 5) -> PairedMeans:
    rng = np.random.default_rng(seed)
    easy = rng.beta(4, 0.7, samples)
    before, after = rng.binomial(versions, easy, (2, samples)) / versions
    before[0] = 1  # not all are wrong
    return PairedMeans(after, before)


@given(st.sampled_from(Contrast), st.tuples(cells, cells, cells, cells), st.floats(0.5, 0.999))
def test_of_counts_they_are_those_of_the_table(
    contrast: Contrast, drawn: tuple[int, int, int, int], sure: float
) -> None:
    both, lost, gained, neither = drawn
    counts = (both + 1, lost, gained, neither)
    if contrast is not SHARE and lost + gained == 0:
        counts = (both + 1, 1, 0, neither)
    curve = bounded_curve(means_of(*counts), contrast)
    for level, bound in zip(LEVELS, curve.bounds, strict=True):
        if level == 0.5:
            continue
        ends = Evidence(contrast, *counts).interval(abs(2 * level - 1))
        assert bound == pytest.approx(ends[level > 0.5], rel=1e-5, abs=1e-6)
    low, high = curve.interval(sure)
    table = Evidence(contrast, *counts).interval(sure)
    assert (low, high) == pytest.approx(table, rel=0.02, abs=0.01)  # between levels


@pytest.mark.parametrize("value", (0.0, 0.4, 1.0))
def test_samples_that_are_all_alike_do_not_make_it_sure(value: float) -> None:
    for samples in (3, 30, 300):
        same = np.full(samples, value)
        means = PairedMeans(same, same)
        low, high = bounded_curve(means, SHARE).interval()
        assert low <= value <= high
        assert high - low > 1 / samples
        low, high = bounded_curve(means, DIFFERENCE).interval()
        assert low < -1 / samples
        assert high > 1 / samples
        assert low == pytest.approx(-high)


def test_where_nothing_changed_it_is_the_interval_of_a_table_without_changes() -> None:
    same = np.array([0.2, 0.8] * 15)
    found = bounded_curve(PairedMeans(same, same), DIFFERENCE).interval()
    assert found == pytest.approx(Evidence(DIFFERENCE, 30, 0).interval(), abs=1e-6)


@settings(max_examples=30)
@given(st.sampled_from(Contrast), seeds, st.integers(2, 60))
def test_bounds_grow_and_hold_what_was_found(contrast: Contrast, seed: int, samples: int) -> None:
    means = drawn(seed, samples)
    curve = bounded_curve(means, contrast)
    before, after = means.before.mean(), means.after.mean()
    found = {SHARE: after, DIFFERENCE: before - after, RATIO: after / before}[contrast]
    bounds = np.array(curve.bounds)
    assert (np.diff(bounds) >= -1e-9).all()
    assert bounds[len(LEVELS) // 2] == pytest.approx(found)
    assert (curve.samples, curve.method, curve.replicates) == (samples, "score", 0)


@settings(max_examples=20)
@given(st.sampled_from(Contrast), seeds)
def test_ends_may_be_any(contrast: Contrast, seed: int) -> None:
    means = drawn(seed, 40)
    scaled = PairedMeans(10 * means.after, 10 * means.before)
    one = bounded_curve(means, contrast)
    ten = bounded_curve(scaled, contrast, (0.0, 10.0))
    scale = 1 if contrast is RATIO else 10
    np.testing.assert_allclose(ten.bounds, scale * np.array(one.bounds), rtol=1e-6, atol=1e-6)


@settings(max_examples=20)
@given(st.sampled_from(Contrast), seeds)
def test_equal_weights_change_nothing_and_zero_ones_leave_samples_out(
    contrast: Contrast, seed: int
) -> None:
    means = drawn(seed, 30)
    rng = np.random.default_rng(seed)
    junk = rng.random((2, 7))
    longer = PairedMeans(
        np.append(means.after, junk[0]),
        np.append(means.before, junk[1]),
        np.append(np.full(30, 2.5), np.zeros(7)),
    )
    found, expected = bounded_curve(longer, contrast), bounded_curve(means, contrast)
    assert found.samples == 30
    np.testing.assert_allclose(found.bounds, expected.bounds, rtol=1e-6, atol=1e-7)


def test_weights_count_as_the_samples_they_are_worth() -> None:
    """All right, with weights 1 and 3: Wilson's with (1 + 3)^2 n / 2 (1 + 9) samples."""
    means = PairedMeans(np.ones(40), weights=np.tile([1.0, 3.0], 20))
    low, high = bounded_curve(means, SHARE).interval()
    square = 1.959963984540054**2
    assert (low, high) == pytest.approx((32 / (32 + square), 1), abs=1e-6)


def test_levels_that_do_not_fit_in_one_array_are_taken_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = bounded_curve(drawn(4, 50), RATIO)
    monkeypatch.setattr(score_bounds, "_MOST_VALUES", 1)
    assert bounded_curve(drawn(4, 50), RATIO) == whole


@pytest.mark.parametrize(
    ("means", "contrast", "reason"),
    (
        (PairedMeans(np.ones(9)), RATIO, "there is no value before pruning"),
        (PairedMeans(np.ones(9), np.zeros(9)), RATIO, "the value before pruning may be 0"),
        (PairedMeans(np.ones(9), weights=np.zeros(9)), SHARE, "the value is undefined"),
        (PairedMeans(np.full(9, np.nan)), SHARE, "the value is undefined"),
    ),
)
def test_what_is_undefined_has_a_reason(
    means: PairedMeans, contrast: Contrast, reason: str
) -> None:
    curve = bounded_curve(means, contrast)
    assert (curve.bounds, curve.reason, curve.interval()) == ((), reason, None)
