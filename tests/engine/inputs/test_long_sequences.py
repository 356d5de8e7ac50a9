"""Synthetic vectors too long for as many directions as they have values, and long sequences."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.inputs.families import pictures
from pytest_paoding.engine.inputs.families.fields import films, sequences, sounds, volumes
from pytest_paoding.engine.inputs.families.pictures import correlated


@pytest.mark.parametrize("shape", ((600,), (150, 4)))
def test_a_long_vector_is_drawn_from_fewer_directions(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = correlated(shape, 500, np.random.default_rng(0))
    monkeypatch.setattr(pictures, "_WIDE", 599)
    monkeypatch.setattr(pictures, "_DIRECTIONS", 40)
    few = correlated(shape, 500, np.random.default_rng(0))
    assert few.shape == whole.shape
    assert abs(few.mean() - whole.mean()) < 0.02
    assert abs(few.std() / whole.std() - 1) < 0.1
    assert few.std(axis=0).min() > 0.05
    variances = np.linalg.svd(few.reshape(500, -1), compute_uv=False) ** 2
    assert variances[:41].sum() > 0.85 * variances.sum()  # those directions, and a little noise


@pytest.mark.parametrize(
    ("family", "size"),
    (
        (sequences, (20_000, 1)),
        (sequences, (6, 5, 4)),
        (sounds, (16_000,)),
        (sounds, (400, 2)),
        (films, (6, 12, 10, 3)),
        (volumes, (9, 8, 7, 2)),
    ),
)
def test_fields_of_any_size_vary_and_are_the_same_again(family, size) -> None:
    found = family(size, 6, np.random.default_rng(0))
    assert found.shape == (6, *size)
    assert np.isfinite(found).all()
    assert -1.5 < found.min() < found.max() < 2.5
    assert (found.reshape(6, -1).std(axis=1) > 0).sum() > 4
    np.testing.assert_array_equal(found, family(size, 6, np.random.default_rng(0)))


def test_pictures_of_a_film_are_those_before_them_moved() -> None:
    (film,) = films((5, 16, 16, 1), 1, np.random.default_rng(3))
    for frame in film[1:]:
        np.testing.assert_allclose(np.sort(frame, axis=None), np.sort(film[0], axis=None))
