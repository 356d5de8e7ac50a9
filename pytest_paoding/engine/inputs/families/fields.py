"""Random fields over any number of axes: sequences, sound, films and volumes without data."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import in_blocks
from pytest_paoding.engine.inputs.families.pictures import pictures
from pytest_paoding.engine.inputs.families.series_draws import series_draws
from pytest_paoding.engine.inputs.families.spectra import frequencies

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_SERIES_RANK = 2  # steps and features
_TOGETHER = 1 << 22  # values that are drawn at a time
_TONES = 6  # most tones of a sound


def sequences(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return sequences in [0, 1], shape (count, *size), features last; long ones some at a time."""
    if len(size) != _SERIES_RANK:
        return _fields(size, count, generator)
    return in_blocks(series_draws, size, count, generator, _TOGETHER)


def sounds(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return sounds around the middle of [0, 1]: tones that swell and fade, in coloured noise.

    Args:
        size: Number of steps, and of channels if there are any.
        count: Number of sounds.
        generator: The random generator.
    """
    steps, channels = size[0], prod(size[1:])
    time = np.arange(steps, dtype=np.float32) / steps
    found = _fields((steps, channels), count, generator) - 0.5
    for _ in range(_TONES):
        cycles = np.exp(generator.uniform(0, np.log(max(2, steps / 3)), (count, 1)))
        centre, width = generator.uniform(0, 1, (count, 1)), generator.uniform(0.05, 1, (count, 1))
        loudness = generator.uniform(0, 0.2, (count, 1))
        envelope = np.exp(-(((time - centre) / width) ** 2))
        tone = loudness * envelope * np.sin(2 * np.pi * (cycles * time + centre))
        found += tone[..., None].astype(np.float32)
    return 0.5 + found.reshape(count, *size)


def films(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return films around [0, 1]: pictures that move evenly, wrapped around their sides.

    Args:
        size: Number of steps, height, width and channels.
        count: Number of films.
        generator: The random generator.
    """
    first = pictures(size[1:], count, generator).astype(np.float32)
    return moved(first, size[0], generator)


def moved(first: FloatArray, steps: int, generator: np.random.Generator) -> FloatArray:
    """Return films of pictures that move evenly, wrapped around their sides.

    Args:
        first: The first picture of each, shape (count, height, width, channels).
        steps: Number of pictures of a film.
        generator: The random generator.

    Returns:
        Shape (count, steps, height, width, channels).
    """
    count, height, width, _ = first.shape
    speed = generator.uniform(-0.5, 0.5, (2, count, 1)) / max(1, steps)
    rows, columns = (
        (np.arange(length) + np.rint(each * np.arange(steps) * length).astype(int)[..., None])
        % length
        for each, length in zip(speed, (height, width), strict=True)
    )
    found: FloatArray = first[
        np.arange(count)[:, None, None, None], rows[..., :, None], columns[..., None, :]
    ]
    return found


def volumes(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return volumes around [0, 1], channels last: smooth fields, half of them cut at a level."""
    found = _fields(size, count, generator)
    sharp = 1 / (1 + np.exp(-np.clip((found[::2] - 0.5) * 40, -30, 30)))
    ends = generator.random((2, len(sharp), *(1,) * len(size)))
    found[::2] = ends[0] + (ends[1] - ends[0]) * sharp
    return found


def _fields(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return Gaussian random fields with falling spectra around the middle of [0, 1].

    All axes but the last are of the field; each position along that is a field of its own.
    """
    return in_blocks(_some_fields, size, count, generator, _TOGETHER)


def _some_fields(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    *grid, channels = size
    axes = tuple(range(2, 2 + len(grid)))
    frequency = frequencies(tuple(grid))
    slope = generator.uniform(0.5, 3, (count, *(1,) * (1 + len(grid))))
    noise = generator.standard_normal((count, channels, *grid))
    field = np.fft.ifftn(np.fft.fftn(noise, axes=axes) * frequency**-slope, axes=axes).real
    field -= field.mean(axis=axes, keepdims=True)
    field /= field.std(axis=axes, keepdims=True) + 1e-9
    level = generator.uniform(0.3, 0.7, (count, channels, *(1,) * len(grid)))
    contrast = generator.uniform(0.03, 0.25, (count, 1, *(1,) * len(grid)))
    return np.moveaxis(level + contrast * field, 1, -1).astype(np.float32)
