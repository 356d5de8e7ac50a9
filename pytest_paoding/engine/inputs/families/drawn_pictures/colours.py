"""Colours: pairs of them for a figure and its ground, in any number of channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

COLOUR = 3  # channels of red, green and blue

_BLUE_ORANGE = np.array([0.8, 0.1, -1.0], np.float32)
_GREEN_MAGENTA = np.array([0.7, -1.0, 0.5], np.float32)
_CHROMA = (0.08, 0.035)  # scale along either axis: daylight varies along the first
_VIVID = (0.15, 3.0)  # share of colours that are so many times as vivid
_GROUNDED = 2 / 3  # of grey pictures lie on ground at the very end of the range
_HIGHEST_GROUND = 0.5
_LEAST_CONTRAST = 0.4  # of the figure, as a share of what the ground leaves
_GREY_COLOURED = 0.25  # of pictures of three channels show no colour


def natural_colours(shape: tuple[int, ...], generator: np.random.Generator) -> FloatArray:
    """Return natural colours in [0, 1], shape (*shape, 3).

    Their lightness is uniform, their chroma small and heavy-tailed, and twice as wide between blue
    and orange as between green and magenta.
    """
    warm, green = (generator.laplace(0, scale, (*shape, 1)).astype(np.float32) for scale in _CHROMA)
    share, times = _VIVID
    vivid = np.where(generator.random((*shape, 1)) < share, np.float32(times), np.float32(1))
    lightness = between(generator, 0, 1, (*shape, 1))
    found = lightness + vivid * (warm * _BLUE_ORANGE + green * _GREEN_MAGENTA)
    return np.asarray(np.clip(found, 0, 1))


def palettes(
    count: int, channels: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the colours of ground and figure, each of shape (count, 1, 1, channels), in [0, 1].

    One channel has a lower and an upper grey, mostly a ground at 0, and in half of the pictures
    both are reversed. Three channels have two natural colours, or greys. Other channels have random
    ones, or the same grey at gains of their own.
    """
    shape = (count, 1, 1)
    ground, figure = _greys(shape, generator)
    if channels == 1:
        return ground, figure
    if channels == COLOUR:
        pairs = natural_colours((2, *shape), generator)
        grey = generator.random((*shape, 1)) < _GREY_COLOURED
    else:
        pairs = between(generator, 0, 1, (2, *shape, channels))
        gain = between(generator, 0, 1, (*shape, channels))
        ground, figure = ground * gain, figure * gain
        grey = generator.random((*shape, 1)) < 1 / 2
    return np.where(grey, ground, pairs[0]), np.where(grey, figure, pairs[1])


def _greys(shape: tuple[int, ...], generator: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the grey of ground and figure, each of shape (*shape, 1)."""
    shape = (*shape, 1)
    raised = generator.random(shape) >= _GROUNDED
    low = raised * between(generator, 0, _HIGHEST_GROUND, shape)
    high = low + (1 - low) * np.sqrt(between(generator, _LEAST_CONTRAST, 1, shape))
    reversed_ = generator.random(shape) < 1 / 2
    return np.where(reversed_, 1 - low, low), np.where(reversed_, 1 - high, high)


def mixed_channels(
    pictures: FloatArray, channels: int, generator: np.random.Generator
) -> FloatArray:
    """Return coloured pictures in another number of channels, each a mean of the colours.

    Args:
        pictures: Shape (count, height, width, 3), in [0, 1].
        channels: Number of channels; weights of each are drawn for every picture.
        generator: The random generator.
    """
    if channels == COLOUR:
        return pictures
    weights = generator.dirichlet(np.ones(COLOUR), (len(pictures), channels)).astype(np.float32)
    return np.asarray(np.einsum("nhwc,nkc->nhwk", pictures, weights))
