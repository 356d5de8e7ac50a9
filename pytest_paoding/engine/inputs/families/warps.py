"""Warps: pictures turned, stretched, shifted and bent a little, and series in time.

What moves in from beyond a side is what lies at it. Strengths are factors of all of this; at 1 a
picture is turned by about fifteen degrees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray, IntArray

# Deviations at a strength of 1.
_TURN = 0.25  # radians
_STRETCH = 0.075  # of the four numbers of a linear map
_SHIFT = 0.08  # shares of the side
_BEND = 0.05  # likewise, at each of the controls
_TEMPO = 0.2  # logarithms
_DELAY = 0.1  # shares of a series

_CONTROLS = 3  # along each side, at the ends and in the middle


def warped_pictures(
    pictures: FloatArray, strength: float, generator: np.random.Generator
) -> FloatArray:
    """Return pictures under random affine maps and bends, sampled between pixels.

    Args:
        pictures: Shape (count, height, width, channels), float32.
        strength: How much they change.
        generator: The random generator.
    """
    rows, columns = _places(pictures.shape[:3], strength, generator)
    top, bottom, down = _between(rows, pictures.shape[1])
    left, right, along = _between(columns, pictures.shape[2])
    number = np.arange(len(pictures))[:, None, None]
    above = _blended(pictures[number, top, left], pictures[number, top, right], along)
    below = _blended(pictures[number, bottom, left], pictures[number, bottom, right], along)
    return _blended(above, below, down)


def _places(
    shape: tuple[int, ...], strength: float, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the row and the column that each pixel comes from, each of shape `shape`."""
    count, *grid = shape
    side = np.sqrt(grid[0] * grid[1])
    around = [np.arange(length) - (length - 1) / 2 for length in grid]
    angle = strength * _TURN * generator.standard_normal(count)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.eye(2) + strength * _STRETCH * generator.standard_normal((count, 2, 2))
    linear = np.einsum("ijn,njk->nik", turn, stretch)[..., None, None]
    found = linear[:, :, 0] * around[0][:, None] + linear[:, :, 1] * around[1]
    found += strength * _SHIFT * side * generator.standard_normal((count, 2, 1, 1))
    controls = generator.standard_normal((count, 2, _CONTROLS, _CONTROLS))
    hats = [_hats(length) for length in grid]
    bends = np.einsum("ncij,hi,wj->nchw", controls, *hats, optimize=True)
    found += strength * _BEND * side * bends
    rows, columns = np.moveaxis(found.astype(np.float32), 1, 0)
    return rows + np.float32((grid[0] - 1) / 2), columns + np.float32((grid[1] - 1) / 2)


def _hats(length: int) -> FloatArray:
    """Return the weight of each control at each place between them, shape (length, controls)."""
    places = np.linspace(0, _CONTROLS - 1, length)[:, None]
    return np.asarray(np.maximum(0, 1 - np.abs(places - np.arange(_CONTROLS))))


def _between(places: FloatArray, length: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the neighbours of places along an axis, and how far each is towards the second."""
    inside = np.clip(places, 0, length - 1)
    first = inside.astype(np.int64)
    return first, np.minimum(first + 1, length - 1), (inside - first)[..., None]


def _blended(one: FloatArray, two: FloatArray, share: FloatArray) -> FloatArray:
    """Return what lies between two, in float32."""
    found: FloatArray = (one + (two - one) * share).astype(np.float32)
    return found


def warped_series(
    series: FloatArray, strength: float, generator: np.random.Generator
) -> FloatArray:
    """Return series that come earlier or later, faster or slower, unevenly so.

    Args:
        series: Shape (count, steps, features), float32.
        strength: How much they change.
        generator: The random generator.
    """
    count, steps, _ = series.shape
    normal = generator.standard_normal((2, count, 1))
    around = np.arange(steps) - (steps - 1) / 2
    times = np.exp(strength * _TEMPO * normal[0]) * around + (steps - 1) / 2
    bends = generator.standard_normal((count, _CONTROLS)) @ _hats(steps).T
    times += strength * steps * (_DELAY * normal[1] + _BEND * bends)
    first, second, share = _between(times, steps)
    number = np.arange(count)[:, None]
    return _blended(series[number, first], series[number, second], share)
