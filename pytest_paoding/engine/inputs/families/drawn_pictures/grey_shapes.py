"""Grey shapes: soft fields, smooth curves and dead leaves, as shares of a figure on its ground.

Every function returns what part of each pixel the figure covers, shape (count, height, width), in
[0, 1]. What is held at a time is some times that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    having_parts,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_SLOPES = (0.8, 3.0)  # of spectra: from grain to a few soft blobs
_PLACES = (-0.5, 2.0)  # of the threshold, in deviations: more ground than figure
_STEEPNESS = (0.5, 8.0)  # of the threshold: from shades to edges
_CURVES = 3
_WIDTHS = (0.02, 0.14)  # half the width of a curve, as a share of the side
_POINTS = (16, 64)  # of a curve: few on small pictures, and no beads on large ones
_POINTS_BY_SIDE = 1.0  # so that two points of a long curve lie about a pixel apart
_LEAVES = 7
_AXES = (0.05, 0.4)  # half the axes of a leaf, as a share of the side


def side_of(grid: tuple[int, ...]) -> float:
    """Return the side of the square that has as many pixels."""
    return float(np.sqrt(grid[0] * grid[1]))


def pixel_centres(grid: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return the rows and the columns of pixels, shape (height, 1) and (1, width)."""
    rows, columns = (np.arange(length, dtype=np.float32) + np.float32(0.5) for length in grid)
    return rows[:, None], columns[None]


def soft_fields(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return Gaussian random fields through a soft threshold of random place and slope."""
    slope = between(generator, *_SLOPES, (count,))
    field = filtered_noise(falling(grid, slope), 1, generator)[:, 0]
    place = between(generator, *_PLACES, (count, 1, 1))
    return sigmoid(log_between(generator, *_STEEPNESS, (count, 1, 1)) * (field - place))


def curves(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return one to three cubic Bezier curves of one random width around a middle."""
    middle = generator.uniform(0.4, 0.6, (count, 1, 2))
    spread = generator.uniform(0.15, 0.5, (count, 1, 2))
    apart = np.full((count, *grid), np.inf, np.float32)
    for some in having_parts(generator, 1, _CURVES, count):
        around = generator.uniform(-1, 1, (some, 4, 2))
        approach(apart[:some], middle[:some] + spread[:some] * around)
    return stroke(apart, between(generator, *_WIDTHS, (count, 1, 1)) * side_of(grid))


def approach(apart: FloatArray, controls: FloatArray) -> None:
    """Lower squared distances to those from a curve, where that is closer.

    Args:
        apart: Squared distance of each pixel, shape (count, height, width); changed in place.
        controls: Control points of cubic Bezier curves as shares of the height and the width, shape
            (count, 4, 2).
    """
    grid = apart.shape[1:]
    rows, columns = pixel_centres(grid)
    points = int(np.clip(_POINTS_BY_SIDE * side_of(grid), *_POINTS))
    along = np.linspace(0, 1, points)
    back = 1 - along
    weights = np.stack([back**3, 3 * along * back**2, 3 * along**2 * back, along**3])
    curve = np.einsum("kt,nkd->tnd", weights, controls * grid).astype(np.float32)[..., None, None]
    here = np.empty_like(apart)
    for point in curve:
        np.add((rows - point[:, 0]) ** 2, (columns - point[:, 1]) ** 2, out=here)
        np.minimum(apart, here, out=apart)


def stroke(apart: FloatArray, width: FloatArray) -> FloatArray:
    """Return what a pen covers, by squared distances from its way and half its width in pixels."""
    return np.asarray(np.clip(width - np.sqrt(apart) + np.float32(0.5), 0, 1))


def leaves(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return one to seven soft ellipses of random grey, each over those before it."""
    found = np.zeros((count, *grid), np.float32)
    rows, columns = pixel_centres(grid)
    for some in having_parts(generator, 1, _LEAVES, count):
        here, shape = found[:some], (some, 1, 1)
        angle = between(generator, 0, np.pi, shape)
        y = rows - between(generator, 0, grid[0], shape)
        x = columns - between(generator, 0, grid[1], shape)
        long, short = (between(generator, *_AXES, shape) * side_of(grid) for _ in range(2))
        along = (np.cos(angle) * x + np.sin(angle) * y) / long
        across = (np.cos(angle) * y - np.sin(angle) * x) / short
        mask = np.clip(3 - 3 * np.sqrt(along**2 + across**2), 0, 1)  # soft for a third of it
        here += mask * (between(generator, 0, 1, shape) - here)
    return found
