"""Line drawings: several strokes, and convex polygons, filled or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between, having_parts
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    approach,
    pixel_centres,
    side_of,
    stroke,
)

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_STROKES = 8
_BEND = 0.15  # deviation of a stroke's inner control points from a straight line, by the side
_WIDTHS = (0.01, 0.06)  # half the width of a line, as a share of the side
_POLYGONS = 4
_SIDES = (3, 6)
_RADII = (0.1, 0.45)  # of polygons, as shares of the side
_IRREGULAR = 0.3  # how far from even the directions and the distances of their sides are


def line_drawings(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return strokes in half of the pictures, polygons in the others, shape (count, *grid)."""
    half = count // 2
    found = [_strokes(grid, half, generator), _polygons(grid, count - half, generator)]
    return np.concatenate(found)


def _strokes(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return two to eight strokes that are nearly straight, of one width."""
    apart = np.full((count, *grid), np.inf, np.float32)
    for some in having_parts(generator, 2, _STROKES, count):
        start, end = generator.uniform(0, 1, (2, some, 1, 2))
        along = np.linspace(0, 1, 4)[:, None]
        controls = start + (end - start) * along
        controls[:, 1:3] += _BEND * generator.standard_normal((some, 2, 2))
        approach(apart[:some], controls)
    return stroke(apart, between(generator, *_WIDTHS, (count, 1, 1)) * side_of(grid))


def _polygons(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return one to four convex polygons, filled with a grey or drawn with a line of it."""
    found = np.zeros((count, *grid), np.float32)
    for some in having_parts(generator, 1, _POLYGONS, count):
        here, shape = found[:some], (some, 1, 1)
        beyond = _beyond_sides(grid, shape, generator)
        width = between(generator, *_WIDTHS, shape) * side_of(grid)
        filled = generator.random(shape) < 1 / 2
        distance = np.where(filled, beyond, np.abs(beyond) - width)
        mask = np.clip(np.float32(0.5) - distance, 0, 1)
        here += mask * (between(generator, 0, 1, shape) - here)
    return found


def _beyond_sides(
    grid: tuple[int, ...], shape: tuple[int, ...], generator: np.random.Generator
) -> FloatArray:
    """Return how far pixels lie beyond the nearest side of a polygon; less than 0 within it."""
    rows, columns = pixel_centres(grid)
    y, x = (
        rows - between(generator, 0, grid[0], shape),
        columns - between(generator, 0, grid[1], shape),
    )
    sides = generator.integers(*_SIDES, shape, endpoint=True)
    radius = between(generator, *_RADII, shape) * side_of(grid)
    first = between(generator, 0, 2 * np.pi, shape)
    found = np.full((shape[0], *grid), -np.inf, np.float32)
    for side in range(_SIDES[1]):
        uneven = between(generator, -_IRREGULAR, _IRREGULAR, (2, *shape))
        angle = (first + 2 * np.pi * (side % sides + uneven[0]) / sides).astype(np.float32)
        away = np.cos(angle) * x + np.sin(angle) * y - radius * (1 + uneven[1])
        np.maximum(found, away, out=found)
    return found
