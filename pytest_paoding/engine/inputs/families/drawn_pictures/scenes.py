"""Scenes: photographs of nothing, of things that hide each other before a ground.

Leaves of power-law sizes give the edges and the scale invariance of photographs, textures their
falling spectra, and an object in the middle what photographs of one thing have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    having_parts,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.central_objects import put_object
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import (
    mixed_channels,
    natural_colours,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.framing import large_and_small, noisy
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    pixel_centres,
    side_of,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.lens import seen
from pytest_paoding.engine.inputs.families.drawn_pictures.soft_outlines import soft_outlines
from pytest_paoding.engine.inputs.families.drawn_pictures.surfaces import Canvas, surface_textures

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_HORIZON = (0.1, 0.9)  # its height, as a share of the picture's
_TILT = 0.5  # of a horizon, as a share of the height over the width
_SHARPNESS = (1.0, 60.0)  # of a horizon: from a gradient to an edge
_SHADE = 0.3  # of the ground, from top to bottom
_GRAIN = 0.2  # largest contrast of the ground's texture
_LARGEST = 0.6  # radius of a leaf, as a share of the side


@dataclass(frozen=True, slots=True)
class _Scenery:
    """What scenes of one family hold.

    Attributes:
        things: Most leaves, the object included; the logarithm of their number is uniform.
        radius: Least radius of a leaf, as a share of the side; larger ones are as rare as r^-3.
        central: Whether an object stands in the middle.
    """

    things: int
    radius: float
    central: bool


_SMALL = _Scenery(24, 1.5 / 32, central=False)
_CENTRAL = _Scenery(5, 4 / 32, central=True)
_BOTH = _Scenery(12, 2 / 32, central=True)


def leafy_scenes(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return scenes of up to 24 leaves, most of them small, shape (count, *size), in [0, 1].

    Scenes of other channels than three are means of the colours.
    """
    return _scenes(_SMALL, size, count, generator)


def object_scenes(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return scenes of a few large leaves and an object in the middle, as `leafy_scenes`."""
    return _scenes(_CENTRAL, size, count, generator)


def full_scenes(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return scenes of up to 11 leaves and an object in the middle, as `leafy_scenes`."""
    return _scenes(_BOTH, size, count, generator)


def _scenes(
    scenery: _Scenery, size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return scenes of any size.

    Memory beside the result: about 40 arrays of 2^18 pixels (40 MB), or of one picture.
    """

    def some(large: tuple[int, ...], part: int, generator: np.random.Generator) -> FloatArray:
        colours = seen(_composed(scenery, large[:2], part, generator), generator)
        return mixed_channels(colours, size[2], generator)

    return noisy(large_and_small(some, size, count, generator), generator)


def _composed(
    scenery: _Scenery, grid: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    textures = surface_textures(grid, count, generator)
    canvas = Canvas(_grounds(grid, count, textures, generator), textures)
    some_have = having_parts(generator, 1, scenery.things, count, few=True)
    rows, columns = pixel_centres(grid)
    for some in some_have[1:] if scenery.central else some_have:
        shape = (some, 1, 1)
        y = rows - between(generator, 0, grid[0], shape)
        x = columns - between(generator, 0, grid[1], shape)
        radius = _radii(scenery.radius, some, generator) * side_of(grid)
        colour = natural_colours(shape, generator)
        canvas.put(soft_outlines(y, x, radius, generator), colour, generator)
    if scenery.central:
        put_object(canvas, generator)
    return canvas.colours


def _radii(least: float, count: int, generator: np.random.Generator) -> FloatArray:
    """Return radii as shares of the side whose density falls as r^-3, shape (count, 1, 1)."""
    beyond = 1 - between(generator, 0, 1, (count, 1, 1)) * (1 - (least / _LARGEST) ** 2)
    return np.asarray(least / np.sqrt(beyond))


def _grounds(
    grid: tuple[int, ...], count: int, textures: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Return grounds of two colours on either side of a horizon, shape (count, *grid, 3)."""
    shape = (count, 1, 1)
    rows, columns = pixel_centres(grid)
    tilt = between(generator, -_TILT, _TILT, shape)
    height = rows / grid[0] + tilt * (columns / grid[1] - np.float32(0.5))
    edge = log_between(generator, *_SHARPNESS, shape)
    above = sigmoid(edge * (height - between(generator, *_HORIZON, shape)))[..., None]
    one, two = natural_colours((2, *shape), generator)
    shade = between(generator, -_SHADE, _SHADE, shape) * (height - np.float32(0.5))
    grain = between(generator, 0, _GRAIN, (*shape, 1))
    chosen = generator.integers(0, len(textures), count)
    found = one + (two - one) * above + shade[..., None]
    return np.asarray(found + grain * textures[chosen])
