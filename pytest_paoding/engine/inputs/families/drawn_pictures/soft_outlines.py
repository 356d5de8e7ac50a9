"""Soft outlines: star-shaped superellipses with wavy edges, and where a pixel lies within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between, log_between, sigmoid

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_ASPECT = (0.4, 2.5)
_POWER = (0.9, 6.0)  # of superellipses: from diamonds to rounded boxes
_WAVE = 0.25  # largest share of the radius by which an edge waves
_SOFT = (0.3, 2.0)  # pixels that an edge takes, about
_STEEP = 4.0  # a sigmoid of four times a distance rises over about that
_LEAST = 0.5  # pixels of a radius that an edge is soft for
_TINY = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class SoftOutline:
    """An outline in every picture of a block.

    Attributes:
        mask: What it covers of each pixel, shape (count, height, width), in [0, 1].
        along: Place of each pixel along its first axis; within it from -1 to 1, about.
        across: Likewise along the second axis.
    """

    mask: FloatArray
    along: FloatArray
    across: FloatArray


def soft_outlines(
    rows: FloatArray,
    columns: FloatArray,
    radius: FloatArray,
    generator: np.random.Generator,
    upright: float = 0.0,
) -> SoftOutline:
    """Return an outline of random shape in each picture.

    Args:
        rows: Rows of the pixels from its middle, broadcasting to (count, height, width).
        columns: Columns of them, likewise. Where they are folded, as distances from a line, the
            outline is mirrored at that line.
        radius: Its radius in pixels, shape (count, 1, 1).
        generator: The random generator.
        upright: Share of the outlines that are not turned.
    """
    shape = radius.shape
    angle = between(generator, 0, np.pi, shape) * (generator.random(shape) >= upright)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    aspect = np.sqrt(log_between(generator, *_ASPECT, shape))
    along = (cosine * columns + sine * rows) / (radius * aspect)
    across = (cosine * rows - sine * columns) / (radius / aspect)
    power = log_between(generator, *_POWER, shape)
    distance = _superellipse(along, across, power) * _waves(along, across, generator)
    soft = log_between(generator, *_SOFT, shape) / np.maximum(radius, _LEAST)
    return SoftOutline(sigmoid(_STEEP * (1 - distance) / soft), along, across)


def _superellipse(along: FloatArray, across: FloatArray, power: FloatArray) -> FloatArray:
    """Return (|x|^p + |y|^p)^(1/p); by logarithms, which are faster than powers."""
    larger, smaller = np.abs(along), np.abs(across)
    larger, smaller = np.maximum(larger, smaller) + _TINY, np.minimum(larger, smaller) + _TINY
    ratio = np.exp(power * np.log(smaller / larger))
    return np.asarray(larger * np.exp(np.log1p(ratio) / power))


def _waves(along: FloatArray, across: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return by what factors directions are drawn out: waves of two, three and five a turn.

    Cosines of multiples of an angle come from its own cosine and sine, without the angle.
    """
    shape = (len(along), 1, 1)
    size = np.sqrt(along**2 + across**2) + _TINY
    first = along / size, across / size
    second = _turned(first, first)
    third = _turned(second, first)
    found = np.ones_like(size)
    amplitude = between(generator, 0, _WAVE, shape)
    for times, (cosine, sine) in ((2, second), (3, third), (5, _turned(third, second))):
        phase = between(generator, 0, 2 * np.pi, shape)
        found *= 1 + amplitude / times * (np.cos(phase) * cosine - np.sin(phase) * sine)
    return found


def _turned(
    one: tuple[FloatArray, FloatArray], two: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return cosine and sine of the sum of two angles."""
    return one[0] * two[0] - one[1] * two[1], one[1] * two[0] + one[0] * two[1]
