"""Draws for comparisons with references."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(
    params=(range(40), pytest.param(range(40, 200), marks=pytest.mark.slow)), ids=("few", "many")
)
def draws(request):
    """Return generators, each of its own seed, for the seed of a test: 200 of them nightly."""
    return lambda seed: (np.random.default_rng((seed, number)) for number in request.param)
