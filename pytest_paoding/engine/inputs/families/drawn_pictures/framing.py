"""Framing: pictures of any channels from figures, in windows, between two colours, with noise.

Small pictures are drawn larger and averaged down, as what cameras and scanners make of shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import TOGETHER, between, in_blocks
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import palettes
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    pixel_centres,
    side_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.families.drawing import Family

    Cover = Callable[[tuple[int, ...], int, np.random.Generator], FloatArray]

_DRAWN = 28  # side that pictures are drawn at, about, and at least
_RADII = (0.25, 0.6)  # of windows, as shares of the height and the width
_EDGE = 3  # a window's edge is soft for a share of one in so many of the side, in pixels
_NOISE = 0.03  # largest deviation of it


def enlargement(grid: tuple[int, ...]) -> int:
    """Return how many times as large a picture is drawn, so that its side is about 28."""
    return max(1, round(_DRAWN / side_of(grid)))


def averaged_down(pictures: FloatArray, times: int) -> FloatArray:
    """Return pictures of a smaller size, shape (count, height, width, ...)."""
    if times == 1:
        return pictures
    count, height, width, *rest = pictures.shape
    small = (count, height // times, times, width // times, times, *rest)
    return np.asarray(pictures.reshape(small).mean(axis=(2, 4)))


def large_and_small(
    draw: Family, size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return pictures of a family that draws at a side of 28 at least.

    Memory beside the result: what the family needs for 2^18 pixels, or for one picture.

    Args:
        draw: The family. It is called with a larger size where the pictures are small.
        size: Height, width and channels.
        count: Number of pictures.
        generator: The random generator.
    """
    times = enlargement(size[:2])
    large = (size[0] * times, size[1] * times, size[2])

    def some(_: tuple[int, ...], part: int, generator: np.random.Generator) -> FloatArray:
        return averaged_down(draw(large, part, generator), times)

    return in_blocks(some, size, count, generator, TOGETHER * size[2] // times**2)


def framed(
    cover: Cover,
    size: tuple[int, ...],
    count: int,
    generator: np.random.Generator,
    windows: float = 0.5,
) -> FloatArray:
    """Return pictures of figures, shape (count, *size), in [0, 1].

    Args:
        cover: Returns what the figures cover, shape (count, height, width), in [0, 1].
        size: Height, width and channels.
        count: Number of pictures.
        generator: The random generator.
        windows: Share of the pictures whose figure lies in a soft round window on flat ground.

    Memory beside the result: some arrays of 2^18 pixels, or of one picture.
    """

    def some(large: tuple[int, ...], part: int, generator: np.random.Generator) -> FloatArray:
        grid, channels = large[:2], large[2]
        share = cover(grid, part, generator)
        share = share * _windows(grid, part, generator, windows)
        ground, figure = palettes(part, channels, generator)
        found: FloatArray = ground + (figure - ground) * share[..., None]
        return found

    return noisy(large_and_small(some, size, count, generator), generator)


def noisy(pictures: FloatArray, generator: np.random.Generator, most: float = _NOISE) -> FloatArray:
    """Add noise of a deviation drawn for each picture, in place, and clip to [0, 1].

    Memory: that of 2^18 values, or of one picture.
    """
    several = max(1, TOGETHER // max(1, pictures[0].size)) if len(pictures) else 1
    for start in range(0, len(pictures), several):
        here = pictures[start : start + several]
        noise = generator.standard_normal(here.shape, np.float32)
        here += noise * between(generator, 0, most, (len(here), 1, 1, 1))
        np.clip(here, 0, 1, out=here)
    return pictures


def _windows(
    grid: tuple[int, ...], count: int, generator: np.random.Generator, share: float
) -> FloatArray:
    """Return soft round windows, all of them ones but for a share, shape (count, *grid)."""
    height, width = grid
    rows, columns = pixel_centres(grid)
    apart = np.hypot(rows / height - np.float32(0.5), columns / width - np.float32(0.5))
    radius = between(generator, *_RADII, (count, 1, 1))
    inside = np.clip((radius - apart) * side_of(grid) / _EDGE + np.float32(0.5), 0, 1)
    inside[generator.random(count) >= share] = 1
    return np.asarray(inside)
