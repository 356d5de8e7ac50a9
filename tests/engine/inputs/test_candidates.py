"""Candidates are legal, varied, drawn in shares and in bounded memory, the same for a seed."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pytest_paoding.engine.inputs.families import candidate_inputs
from pytest_paoding.engine.inputs.families.candidate_inputs import (
    CANDIDATES,
    COLOUR_CANDIDATES,
    candidates,
    families_of,
)
from pytest_paoding.engine.inputs.families.drawing import having_parts, in_blocks
from pytest_paoding.records.protocol import INPUT_KINDS

SIZES = {
    "picture": ((28, 28, 1), (1, 1, 1), (1, 7, 1), (5, 3, 3), (33, 20, 3), (6, 7, 2), (9, 9, 13)),
    "features": ((1,), (2,), (30,), (4, 5), (1000,)),
    "sequence": ((1, 1), (2, 3), (50, 4), (5, 6, 2)),
    "audio": ((1,), (300,), (64, 2)),
    "video": ((3, 5, 7, 1), (1, 4, 4, 3)),
    "volume": ((1, 1, 1, 1), (5, 6, 7, 2)),
}
CASES = [(kind, size) for kind, sizes in SIZES.items() for size in sizes]
FAMILIES = [
    (family, size) for kind, size in CASES for family in dict.fromkeys(families_of(kind, size))
]


def random(seed=0):
    return np.random.default_rng(seed)


def legal(found, shape):
    assert found.shape == shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min(initial=0) >= 0
    assert found.max(initial=0) <= 1


@pytest.mark.parametrize(("kind", "size"), CASES)
def test_candidates_are_legal_and_the_same_for_a_seed(kind, size):
    found = candidates(kind, size, 40, random())
    legal(found, (40, *size))
    np.testing.assert_array_equal(found, candidates(kind, size, 40, random()))
    assert not np.array_equal(found, candidates(kind, size, 40, random(1)))


@pytest.mark.parametrize(
    ("family", "size"), FAMILIES, ids=[f"{each.__name__}-{size}" for each, size in FAMILIES]
)
def test_every_family_is_legal_by_itself(family, size):
    found = np.clip(family(size, 30, random()), 0, 1)
    legal(found, (30, *size))
    assert len(np.unique(found.reshape(30, -1), axis=0)) > 1


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("count", (0, 1, 5))
def test_few_candidates_can_be_drawn(kind, count):
    size = SIZES[kind][-1]
    legal(candidates(kind, size, count, random()), (count, *size))


def test_tokens_have_no_candidates():
    assert {*CANDIDATES, "tokens"} == set(INPUT_KINDS)
    assert not families_of("tokens", (5,))


def test_each_family_has_its_share_in_random_order(monkeypatch):
    def all_of(value):
        return lambda size, count, _: np.full((count, *size), value, np.float32)

    one, half = all_of(1.0), all_of(0.5)
    monkeypatch.setitem(candidate_inputs.CANDIDATES, "features", (one, half, half))
    found = candidates("features", (2,), 300, random())
    assert (found == 1).mean() == pytest.approx(1 / 3)
    assert 60 < (found[:150] == 0.5).all(axis=1).sum() < 140
    few = np.concatenate([candidates("features", (1,), 1, random(i)) for i in range(60)])
    assert 5 < (few == 1).sum() < 40


def test_half_of_colour_pictures_are_scenes():
    assert families_of("picture", (8, 8, 3)) == COLOUR_CANDIDATES
    scenes = [each for each in COLOUR_CANDIDATES if "scenes" in each.__name__]
    assert len(scenes) == len(COLOUR_CANDIDATES) / 2


@pytest.mark.parametrize(
    ("kind", "size", "count"),
    (
        ("picture", (32, 32, 3), 2000),
        ("picture", (224, 224, 3), 30),
        ("sequence", (1000, 8), 600),
        ("features", (5000,), 1000),
        ("video", (8, 32, 32, 3), 150),
        ("volume", (24, 24, 24, 1), 300),
    ),
)
def test_memory_is_bounded(kind, size, count):
    tracemalloc.start()
    found = candidates(kind, size, count, random())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - found.nbytes < 260e6  # the largest family, and what it needs for a block


def test_blocks_hold_what_fits_and_one_sample_at_least():
    asked = []

    def ones(size, count, _):
        asked.append(count)
        return np.ones((count, *size))

    assert in_blocks(ones, (3, 4), 10, random(), 40).sum() == 120
    assert asked == [3, 3, 3, 1]
    in_blocks(ones, (50,), 2, random(), 40)
    assert asked[4:] == [1, 1]


@pytest.mark.parametrize("few", (False, True))
def test_those_that_have_a_further_part_are_the_first(few):
    found = having_parts(random(), 2, 6, 500, few=few)
    assert found == sorted(found, reverse=True)
    assert found[:2] == [500, 500]
    assert len(found) == 6
    assert found[4] < (200 if few else 350)
