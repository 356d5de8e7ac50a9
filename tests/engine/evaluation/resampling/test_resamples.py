"""Resamples: how often each sample is there, alike for all who ask."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_paoding.engine.evaluation.resampling import resamples as resampling
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples


def whole(resamples: Resamples) -> np.ndarray:
    return np.concatenate(list(resamples.blocks()))


@pytest.mark.parametrize("samples", (1, 7, 300))
def test_every_resample_has_as_many_samples(samples: int) -> None:
    counts = whole(Resamples(samples, replicates=50))
    assert counts.shape == (50, samples)
    assert (counts.sum(axis=1) == samples).all()


def test_counts_are_multinomial() -> None:
    counts = whole(Resamples(40, seed=3, replicates=4000))
    seen = np.bincount(counts.astype(int).ravel(), minlength=6)
    expected = stats.binom(40, 1 / 40).pmf(np.arange(6)) * counts.size
    assert seen[:6] == pytest.approx(expected, rel=0.1)
    assert np.cov(counts.T)[0, 1:].mean() == pytest.approx(-1 / 40, abs=0.005)


def test_a_seed_gives_the_same_ones_again() -> None:
    np.testing.assert_array_equal(whole(Resamples(30, 5)), whole(Resamples(30, 5)))
    assert (whole(Resamples(30, 5)) != whole(Resamples(30, 6))).any()


def test_what_is_kept_is_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    resamples = Resamples(130, 1, replicates=23)
    first = whole(resamples)
    monkeypatch.setattr(resampling, "_counts", None)  # nothing more is drawn
    np.testing.assert_array_equal(whole(resamples), first)
    monkeypatch.undo()
    monkeypatch.setattr(resampling, "_KEPT", 100)
    many = Resamples(130, 1, replicates=23)
    np.testing.assert_array_equal(whole(many), first)
    np.testing.assert_array_equal(whole(many), first)


def test_blocks_are_parts_of_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    resamples = Resamples(130, 1, replicates=23)
    expected = whole(resamples), np.concatenate(list(resamples.remainders()))
    monkeypatch.setattr(resampling, "_BLOCK", 500)
    blocks = list(Resamples(130, 1, replicates=23).blocks())
    assert {len(block) for block in blocks} == {3, 2}
    np.testing.assert_array_equal(np.concatenate(blocks), expected[0])
    np.testing.assert_array_equal(np.concatenate(list(resamples.remainders())), expected[1])


@pytest.mark.parametrize(("samples", "groups", "most"), ((7, 7, 1), (100, 100, 1), (250, 100, 3)))
def test_each_sample_is_left_out_once(samples: int, groups: int, most: int) -> None:
    weights = np.concatenate(list(Resamples(samples).remainders()))
    assert weights.shape == (groups, samples)
    assert set(np.unique(weights)) == {0, 1}
    assert ((1 - weights).sum(axis=0) == 1).all()
    assert (1 - weights).sum(axis=1).max() == most


def test_groups_do_not_follow_the_order_of_samples() -> None:
    left_out = [
        np.flatnonzero(row == 0) for row in np.concatenate(list(Resamples(1000).remainders()))
    ]
    gaps = np.concatenate([np.diff(each) for each in left_out])
    assert len(set(gaps.tolist())) > 50
