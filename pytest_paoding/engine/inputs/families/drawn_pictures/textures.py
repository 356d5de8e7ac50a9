"""Textures: gratings, grain, cells and checks, as shares of a figure on its ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    having_parts,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    pixel_centres,
    side_of,
)
from pytest_paoding.engine.inputs.families.spectra import filtered_noise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_CYCLES = (1.5, 9.0)  # waves along the side
_WAVES = 3  # most waves of a grating
_STEEPNESS = (0.5, 12.0)  # of thresholds: from shades to edges
_SLOPES = (0.8, 2.5)  # of grain
_STRETCH = (1.0, 6.0)  # how many times as long as wide it is
_CELLS = (2, 24)
_WALL = (0.02, 0.15)  # width of walls and spots, as a share of the side


def textures(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return textures of four kinds, shape (count, *grid), in [0, 1]."""
    kinds = (_gratings, _grain, _cells, _checks)
    parts = np.diff(np.linspace(0, count, len(kinds) + 1).astype(int))
    found = [kind(grid, int(part), generator) for kind, part in zip(kinds, parts, strict=True)]
    return np.concatenate(found)


def _wave(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return plane waves of random direction, length and phase, as angles."""
    shape = (count, 1, 1)
    rows, columns = pixel_centres(grid)
    angle = between(generator, 0, np.pi, shape)
    cycles = 2 * np.pi * log_between(generator, *_CYCLES, shape) / np.float32(side_of(grid))
    phase = between(generator, 0, 2 * np.pi, shape)
    return np.asarray(cycles * (np.cos(angle) * columns + np.sin(angle) * rows) + phase)


def _thresholded(values: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return values of deviation 1, about, through a soft threshold of random place and slope."""
    shape = (len(values), 1, 1)
    steep = log_between(generator, *_STEEPNESS, shape)
    return sigmoid(steep * (values - between(generator, -1, 1, shape)))


def _gratings(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    found = np.sin(_wave(grid, count, generator))
    for some in having_parts(generator, 1, _WAVES, count)[1:]:
        found[:some] += np.sin(_wave(grid, some, generator))
    return _thresholded(found, generator)


def _grain(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return fields that are drawn out in a direction: wood, fur, clouds."""
    shape = (count, 1, 1)
    y, x = (np.fft.fftfreq(length).astype(np.float32) for length in grid)
    angle = between(generator, 0, np.pi, shape)
    stretch = log_between(generator, *_STRETCH, shape)
    along = (np.cos(angle) * x + np.sin(angle) * y[:, None]) * stretch
    across = np.cos(angle) * y[:, None] - np.sin(angle) * x
    frequency = np.hypot(along, across)
    frequency[:, 0, 0] = 1 / max(grid)
    response = np.exp(-between(generator, *_SLOPES, shape) * np.log(frequency))
    return _thresholded(filtered_noise(response, 1, generator)[:, 0], generator)


def _cells(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return cells around random points: a third each filled, walled, and round spots in them."""
    nearest, second = np.full((2, count, *grid), np.inf, np.float32)
    grey = np.zeros((count, *grid), np.float32)
    rows, columns = pixel_centres(grid)
    for number in having_parts(generator, *_CELLS, count):
        shape, some = (number, 1, 1), slice(number)
        y, x = (between(generator, 0, length, shape) for length in grid)
        apart = np.hypot(rows - y, columns - x)
        closer = apart < nearest[some]
        second[some] = np.minimum(second[some], np.maximum(apart, nearest[some]))
        nearest[some] = np.minimum(nearest[some], apart)
        grey[some] = np.where(closer, between(generator, 0, 1, shape), grey[some])
    width = between(generator, *_WALL, (count, 1, 1)) * side_of(grid)
    walls = np.clip(width - (second - nearest) + np.float32(0.5), 0, 1)
    spots = np.clip(width - nearest + np.float32(0.5), 0, 1)
    kind = generator.integers(0, 3, (count, 1, 1))
    return np.select([kind == 0, kind == 1], [grey, walls], spots)


def _checks(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    product = np.sin(_wave(grid, count, generator)) * np.sin(_wave(grid, count, generator))
    return _thresholded(2 * product, generator)
