"""Mutated samples are legal, like their parents but different, and joined where they should be."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.inputs.families.candidate_inputs import candidates
from pytest_paoding.engine.inputs.families.mutations import SLIGHT, mutated
from pytest_paoding.engine.inputs.families.warps import warped_pictures, warped_series

CASES = (
    *(("picture", size) for size in ((28, 28, 1), (1, 1, 1), (1, 7, 3), (5, 3, 2), (12, 9, 13))),
    *(("features", size) for size in ((1,), (30,), (3, 4))),
    *(("sequence", size) for size in ((1, 1), (40, 3), (5, 4, 2))),
    *(("audio", size) for size in ((1,), (200,), (50, 2))),
    *(("video", size) for size in ((3, 6, 5, 2), (1, 1, 1, 1))),
    ("volume", (4, 5, 6, 1)),
)


def random(seed=0):
    return np.random.default_rng(seed)


def drawn(kind, size, count=40):
    return candidates(kind, size, count, random())


@pytest.mark.parametrize(("kind", "size"), CASES)
@pytest.mark.parametrize("strength", (1.0, SLIGHT))
def test_children_are_legal_and_the_same_for_a_seed(kind, size, strength):
    parents = drawn(kind, size)
    before = parents.copy()
    found = mutated(kind, parents, random(), strength=strength)
    assert found.shape == parents.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_array_equal(parents, before)
    np.testing.assert_array_equal(found, mutated(kind, parents, random(), strength=strength))


@pytest.mark.parametrize(("kind", "size"), CASES)
@pytest.mark.parametrize("count", (0, 1))
def test_none_and_one_have_children_too(kind, size, count):
    assert mutated(kind, drawn(kind, size, count), random()).shape == (count, *size)


def test_tokens_have_no_children():
    with pytest.raises(KeyError):
        mutated("tokens", np.zeros((2, 3), np.float32), random())


@pytest.mark.parametrize(
    ("kind", "size"),
    (("picture", (20, 20, 1)), ("sequence", (50, 2)), ("features", (20,)), ("audio", (400,))),
)
def test_copies_are_closer_than_children_and_children_closer_than_strangers(kind, size):
    parents = drawn(kind, size, 400).astype(np.float64)

    def away(others):
        return np.abs(others - parents).mean()

    copies = away(mutated(kind, parents, random(), strength=SLIGHT))
    children = away(mutated(kind, parents, random()))
    assert 0 < copies < 0.8 * children
    assert children < away(parents[random(1).permutation(400)])


def test_no_warp_leaves_pictures_and_series_as_they_are():
    pictures, series = drawn("picture", (9, 7, 2)), drawn("sequence", (9, 2))
    np.testing.assert_allclose(warped_pictures(pictures, 0, random()), pictures, atol=1e-5)
    np.testing.assert_allclose(warped_series(series, 0, random()), series, atol=1e-5)


def test_warps_move_a_dot_and_keep_all_channels_together():
    dots = np.zeros((300, 21, 21, 2), np.float32)
    dots[:, 9:12, 9:12] = 1
    found = warped_pictures(dots, 1.0, random())
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    mass = found[..., 0].sum(axis=(1, 2))
    middle = (found[..., 0] * np.arange(21)[:, None]).sum(axis=(1, 2)) / np.maximum(mass, 1e-9)
    assert 0.8 < middle[mass > 1].std() < 3.5
    assert 6 < np.median(mass) < 13


def test_frames_of_a_film_are_warped_alike():
    first = drawn("picture", (12, 12, 1), 50)
    still = np.repeat(first[:, None], 4, axis=1)
    found = mutated("video", still, random(), strength=SLIGHT)
    np.testing.assert_array_equal(found, np.repeat(found[:, :1], 4, axis=1))


def test_pictures_are_joined_by_the_lighter_the_darker_and_a_line():
    flat = np.broadcast_to(
        np.linspace(0, 1, 600, dtype=np.float32)[:, None, None, None], (600, 16, 16, 1)
    )
    found = mutated("picture", np.ascontiguousarray(flat), random())
    two_sided = np.ptp(found, axis=(1, 2, 3)) > 0.05
    assert 0.1 < two_sided.mean() < 0.3  # a quarter, but for those whose other is like them
    one = found[~two_sided].mean(axis=(1, 2, 3))
    own = flat[~two_sided, 0, 0, 0]
    assert (one > own + 0.1).mean() > 0.1
    assert (one < own - 0.1).mean() > 0.1


def test_rows_keep_their_flags_unless_blended():
    flags = (random().random((800, 20)) < 0.3).astype(np.float32)
    slight = mutated("features", flags, random(), strength=SLIGHT)
    np.testing.assert_array_equal(slight, flags)
    children = mutated("features", flags, random())
    kept = np.isin(children, (0, 1)).all(axis=1)
    assert 0.7 < kept.mean() < 0.85
    assert (children[kept] != flags[kept]).any(axis=1).mean() > 0.4


def test_series_are_joined_at_a_step():
    flat = np.broadcast_to(np.linspace(0, 1, 600, dtype=np.float32)[:, None, None], (600, 30, 1))
    found = mutated("sequence", np.ascontiguousarray(flat), random())[..., 0]
    jumps = (np.abs(np.diff(found, axis=1)) > 0.02).sum(axis=1)
    assert set(jumps) <= {0, 1}
    assert 0.3 < (jumps == 1).mean() < 0.6
