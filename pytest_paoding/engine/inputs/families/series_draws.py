"""Series draws: synthetic series of features, for models without data.

Each series is a Gaussian field over time and features with correlation lengths of its own, from
noise to slow waves, at any contrast and level; half of them are confined to a soft window, and half
are heard under white noise, as what is measured mostly is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_NOISE = 0.35  # largest deviation of white noise


def series_draws(shape: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return series of a number of steps and features in [0, 1], shape (count, steps, features)."""
    field: FloatArray = generator.standard_normal((count, *shape))
    for axis, length in enumerate(shape, start=1):
        field = _smoothed(field, axis, length, generator)
    found = framed_series(field, generator)
    half = found[: count // 2]
    noise = generator.uniform(0, _NOISE, (len(half), 1, 1)) * generator.standard_normal(half.shape)
    half[:] = np.clip(half + noise, 0, 1)
    return found


def framed_series(field: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return series at random contrast and level, half of them in a soft window, in random order.

    Args:
        field: Series of any deviation, shape (count, steps, features); changed in place.
        generator: The random generator.

    Returns:
        Their shape, in [0, 1], float32.
    """
    count, *shape = field.shape
    field /= field.std(axis=(1, 2), keepdims=True) + 1e-9
    own = generator.standard_normal((count, 1, shape[1])) * (generator.random((count, 1, 1)) < 0.5)  # noqa: PLR2004 # half of them
    level = 0.7 * (generator.standard_normal((count, 1, 1)) + own)
    gain = np.exp(generator.uniform(np.log(0.15), np.log(3), (count, 1, 1)))
    found = np.clip(0.5 + gain * (field + level), 0, 1)
    half = count // 2
    found[:half] *= _windows(tuple(shape), half, generator)
    inverted = generator.random(half) < 0.25  # noqa: PLR2004 # a quarter of them
    found[:half][inverted] = 1 - found[:half][inverted]
    return np.asarray(found[generator.permutation(count)], np.float32)


def _smoothed(
    field: FloatArray, axis: int, length: int, generator: np.random.Generator
) -> FloatArray:
    """Return fields with Gaussian correlations along an axis, of a length drawn for each."""
    if length == 1:
        return field
    reach = np.exp(generator.uniform(np.log(0.3), np.log(max(1.0, length / 2)), len(field)))
    shape = [1] * field.ndim
    shape[axis] = -1
    frequency = np.fft.rfftfreq(length).reshape(shape)
    response = np.exp(-((np.pi * frequency * reach.reshape(-1, 1, 1)) ** 2))
    waves = np.fft.rfft(field, axis=axis) * response
    return np.asarray(np.fft.irfft(waves, length, axis=axis))


def _windows(shape: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return soft windows over time and features, shape (count, steps, features)."""
    distance: FloatArray = np.zeros((count, *shape))
    for axis, length in enumerate(shape, start=1):
        middle = 0.3 * generator.standard_normal((count, 1, 1))
        size = np.exp(generator.uniform(np.log(0.25), np.log(1.5), (count, 1, 1)))
        place = np.linspace(-1, 1, length).reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
        distance += ((place - middle) / size) ** 4
    return np.asarray(np.exp(-distance / 2))
