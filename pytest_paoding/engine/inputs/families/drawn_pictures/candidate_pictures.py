"""Candidate pictures: families of any number of channels, made for no single data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import between
from pytest_paoding.engine.inputs.families.drawn_pictures.colours import COLOUR, natural_colours
from pytest_paoding.engine.inputs.families.drawn_pictures.framing import (
    framed,
    large_and_small,
    noisy,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.grey_shapes import (
    curves,
    leaves,
    soft_fields,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.line_drawings import line_drawings
from pytest_paoding.engine.inputs.families.drawn_pictures.spectrograms import spectrograms
from pytest_paoding.engine.inputs.families.drawn_pictures.textures import textures
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_SLOPES = (0.8, 3.0)
_CONTRAST = (0.05, 0.35)  # deviation of a field's lightness
_CHROMA = (0.0, 0.6)  # deviation of its hues, as a share of that


def field_pictures(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pictures of soft random fields, shape (count, *size), in [0, 1]."""
    return framed(soft_fields, size, count, generator)


def curve_pictures(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pictures of one to three smooth curves, shape (count, *size), in [0, 1]."""
    return framed(curves, size, count, generator)


def leaf_pictures(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pictures of one to seven dead leaves, shape (count, *size), in [0, 1]."""
    return framed(leaves, size, count, generator)


def texture_pictures(
    size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return pictures of gratings, grain, cells and checks, shape (count, *size), in [0, 1]."""
    return framed(textures, size, count, generator)


def line_pictures(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pictures of strokes and of polygons, shape (count, *size), in [0, 1]."""
    return framed(line_drawings, size, count, generator)


def spectrogram_pictures(
    size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return pictures like spectrograms, shape (count, *size), in [0, 1]; none in a window."""
    return framed(spectrograms, size, count, generator, windows=0.0)


def colour_fields(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return fields of lightness and hue around a natural colour, shape (count, *size), in [0, 1].

    The channels of other pictures than those of three vary around a grey.
    """
    return noisy(large_and_small(_colour_fields, size, count, generator), generator)


def _colour_fields(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    shape = (count, 1, 1, 1)
    *grid, channels = size
    slope = between(generator, *_SLOPES, (count,))
    field = filtered_noise(falling(tuple(grid), slope), 1 + channels, generator)
    lightness, hues = field[:, :1], field[:, 1:]
    hues = hues - hues.mean(axis=1, keepdims=True)  # so that hues change no lightness
    varied = lightness + between(generator, *_CHROMA, shape) * hues
    if channels == COLOUR:
        middle = natural_colours((count, 1, 1), generator)
    else:
        middle = between(generator, 0, 1, shape)
    found: FloatArray = middle + between(generator, *_CONTRAST, shape) * np.moveaxis(varied, 1, -1)
    return found
