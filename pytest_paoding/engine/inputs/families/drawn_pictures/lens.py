"""Lens: what a camera makes of a scene, blur first, then contrast, light, a cast and gamma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import COLOUR
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import side_of

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_SIDE, _BLUR = 32, 1.1  # largest deviation of the blur in pixels, on pictures of that side
_BLURRED = 0.7  # share of pictures
_REACH = 3  # deviations of a blur that matter
_CONTRAST, _LIGHT, _GAMMA, _CAST = 0.25, 0.1, 0.2, 0.06  # deviations; of logarithms but the second
_CASTS = (0.7, 1.3)


def seen(colours: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return pictures in [0, 1] of scenes.

    Args:
        colours: Scenes, shape (count, height, width, 3); changed in place.
        generator: The random generator.
    """
    shape = (len(colours), 1, 1, 1)
    found = _blurred(np.clip(colours, 0, 1, out=colours), generator)
    contrast = np.exp(_normal(_CONTRAST, shape, generator))
    middle = np.float32(0.5)
    found = np.clip(middle + (found - middle) * contrast + _normal(_LIGHT, shape, generator), 0, 1)
    gamma = np.exp(_normal(_GAMMA, shape, generator))
    cast = np.clip(1 + _normal(_CAST, (*shape[:3], COLOUR), generator), *_CASTS)
    return np.asarray(np.clip(_power(found, gamma) * cast, 0, 1))


def _normal(deviation: float, shape: tuple[int, ...], generator: np.random.Generator) -> FloatArray:
    return np.float32(deviation) * generator.standard_normal(shape, np.float32)


def _power(values: FloatArray, exponent: FloatArray) -> FloatArray:
    """Return powers of numbers in [0, 1]."""
    return np.asarray(np.exp(exponent * np.log(np.maximum(values, np.float32(1e-6)))))


def _blurred(pictures: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return pictures under Gaussian blurs of random width, mirrored at their sides.

    On large pictures that is anything between as many pixels, as a sharp lens does, and the same
    share of the side.
    """
    grid = pictures.shape[1:3]
    times = max(1.0, side_of(grid) / _SIDE)
    shape = (len(pictures), 1, 1, 1)
    width = between(generator, 0, _BLUR, shape) * times ** between(generator, 0, 1, shape)
    width *= generator.random(shape) < _BLURRED
    edge = int(np.ceil(_REACH * float(width.max(initial=0))))
    around = ((0, 0), (edge, edge), (edge, edge), (0, 0))
    wide = np.pad(pictures, around, mode="symmetric")
    rows, columns = wide.shape[1:3]
    squares = np.fft.fftfreq(rows)[:, None] ** 2 + np.fft.rfftfreq(columns) ** 2
    response = np.exp(-2 * (np.pi * width) ** 2 * squares[..., None]).astype(np.float32)
    waves = np.fft.rfft2(wide, axes=(1, 2)) * response
    found = np.fft.irfft2(waves, axes=(1, 2), s=(rows, columns))
    return found[:, edge : edge + grid[0], edge : edge + grid[1]].astype(np.float32)
