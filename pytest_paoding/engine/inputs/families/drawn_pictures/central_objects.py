"""Central objects: mirror-symmetric things of parts in the middle of scenes, with shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import natural_colours
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    pixel_centres,
    side_of,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.soft_outlines import soft_outlines

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.families.drawn_pictures.surfaces import Canvas

_RADII = (0.125, 0.4)  # of the object, as shares of the side
_ASIDE = 0.08  # deviation of its middle, likewise
_LEAN = (0.4, 0.5)  # share of objects that lean; largest angle
_UPRIGHT = 0.6  # share of outlines whose axes are those of the object
_SHADOW = (0.5, 0.9)  # darkest; how far below the middle, in radii
_PARTS, _PRESENT = 5, 0.6  # most parts; share of objects that have each
_PAIRED = 0.75  # share of parts of which there are two
_OF_PART = (0.08, 0.5)  # radius of a part, in radii of the object
_REACH = 1.1  # how far up and down parts lie, in radii
_LIKE = (0.5, 0.4, 1.3)  # share of parts of the object's own colour; how light it is on them


def put_object(canvas: Canvas, generator: np.random.Generator) -> None:
    """Put one object in the middle of every picture of a canvas."""
    count, *grid, _ = canvas.colours.shape
    shape = (count, 1, 1)
    down, aside = _axes(tuple(grid), shape, generator)
    radius = between(generator, *_RADII, shape) * side_of(tuple(grid))
    darkest, below = _SHADOW
    shadow = soft_outlines(down - below * radius, aside, radius, generator)
    canvas.darken(shadow.mask * between(generator, 0, darkest, shape))
    own = natural_colours(shape, generator)
    canvas.put(soft_outlines(down, aside, radius, generator, _UPRIGHT), own, generator)
    for _ in range(_PARTS):
        up, out = between(generator, -_REACH, _REACH, shape), between(generator, 0, 1, shape)
        out *= generator.random(shape) < _PAIRED
        size = between(generator, *_OF_PART, shape)
        part = soft_outlines(
            down - up * radius, aside - out * radius, size * radius, generator, _UPRIGHT
        )
        colour = _colours_of_parts(own, generator)
        present = (generator.random(shape) < _PRESENT).astype(np.float32)
        canvas.put(part, colour, generator, present)


def _axes(
    grid: tuple[int, ...], shape: tuple[int, ...], generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return places of pixels down the axis of an object, and their distances from it.

    As distances are the same on either side, what is drawn by them is mirrored.
    """
    rows, columns = pixel_centres(grid)
    aside = (_ASIDE * side_of(grid) * generator.standard_normal((2, *shape))).astype(np.float32)
    y, x = rows - grid[0] / 2 - aside[0], columns - grid[1] / 2 - aside[1]
    share, most = _LEAN
    angle = between(generator, -most, most, shape) * (generator.random(shape) < share)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cosine * y + sine * x, np.abs(cosine * x - sine * y)


def _colours_of_parts(own: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return colours of parts: the object's, lighter or darker, or others."""
    share, darkest, lightest = _LIKE
    shape = own.shape[:-1]
    like = own * between(generator, darkest, lightest, (*shape, 1))
    others = natural_colours(shape, generator)
    return np.where(generator.random((*shape, 1)) < share, like, others)
