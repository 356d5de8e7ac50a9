"""Synthetic sequences too long for as many directions as they have values."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_paoding.engine.inputs import synthetic
from pytest_paoding.engine.inputs.synthetic import Space, synthetic_inputs


@pytest.mark.parametrize("shape", ((600,), (150, 4)))
def test_a_long_sequence_is_drawn_from_fewer_directions(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Space(shape, -1.0, 3.0)
    whole = synthetic_inputs(space, 500, np.random.default_rng(0))
    monkeypatch.setattr(synthetic, "_MOST_MIXED", 600 * 40)
    few = synthetic_inputs(space, 500, np.random.default_rng(0))
    assert few.shape == whole.shape
    assert few.min() >= -1
    assert few.max() <= 3
    assert abs(few.mean() - whole.mean()) < 0.02
    assert abs(few.std() / whole.std() - 1) < 0.1
    assert few.std(axis=0).min() > 0.1
    variances = np.linalg.svd(few.reshape(500, -1), compute_uv=False) ** 2
    assert variances[:41].sum() > 0.85 * variances.sum()  # those directions, and a little noise
