"""A generator of blood glucose, as a sensor under the skin reports it every five minutes.

No real patient is behind these curves: each is a level of its own with a daily rhythm, meals that
raise it and are worked off, a slow drift, and the noise of the sensor, all drawn from one seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST, HIGHEST = 2.2, 22.2
"""The range of the sensor in mmol/l. It reports nothing beyond, whatever the blood has."""

PAST, FUTURE = 36, 6
"""Three hours that a forecast sees, and the half hour that it tells."""

_DAY = 288
_DAYS = 2
_MEALS = (7.5, 12.5, 16.0, 19.0)
"""Usual hours of breakfast, lunch, a snack and dinner."""


def curves(patients: int, seed: int) -> NDArray[np.float32]:
    """Return two days of every patient in mmol/l, shape (patients, 576)."""
    random = np.random.default_rng(seed)
    found = np.stack([_curve(random) for _ in range(patients)])
    return np.clip(found, LOWEST, HIGHEST).astype(np.float32)


def windows(
    curves: NDArray[np.float32], step: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return pasts, shape (n, 36, 1), and what followed, shape (n, 6), one every `step` readings.

    The windows of a patient stand together, in the order of time.
    """
    length = PAST + FUTURE
    cut = np.lib.stride_tricks.sliding_window_view(curves, length, axis=1)[:, ::step]
    cut = cut.reshape(-1, length)
    return cut[:, :PAST, np.newaxis].copy(), cut[:, PAST:].copy()


def _curve(random: np.random.Generator) -> NDArray[np.float64]:
    time = random.integers(_DAY) + np.arange(_DAYS * _DAY)
    rhythm = random.uniform(0.2, 0.8) * np.sin(2 * np.pi * (time / _DAY + random.uniform()))
    meals = sum(_meal(random, time - start) for start in _starts(random))
    noise = random.normal(scale=0.08, size=time.shape)
    return random.uniform(5.0, 8.0) + rhythm + meals + _drift(random, len(time)) + noise


def _starts(random: np.random.Generator) -> NDArray[np.float64]:
    hours = np.add.outer(24.0 * np.arange(_DAYS + 1), _MEALS).ravel()
    return (hours + random.normal(scale=0.75, size=hours.shape)) * _DAY / 24


def _meal(random: np.random.Generator, since: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return a rise to its peak after 35 to 70 minutes, and the fall that insulin brings."""
    peak = random.uniform(7.0, 14.0)
    height = random.uniform(1.5, 7.0)
    late = np.maximum(since, 0.0) / peak
    rise = height * late * np.exp(1 - late)
    return rise - random.uniform(0.0, 0.3) * height * (late / 3) ** 3 * np.exp(3 - late)


def _drift(random: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Return a walk that is drawn back to zero, so that no patient leaves for good."""
    steps = random.normal(scale=0.08, size=length)
    drift = np.zeros(length)
    for index in range(1, length):
        drift[index] = 0.98 * drift[index - 1] + steps[index]
    return drift
