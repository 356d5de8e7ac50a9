"""Moving draws: further candidates for sound, film and volumes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    having_parts,
    in_blocks,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.drawn_pictures.candidate_pictures import (
    curve_pictures,
    field_pictures,
    leaf_pictures,
)
from pytest_paoding.engine.inputs.families.fields import moved

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_KNOCKS = 8
_RING = (20.0, 2000.0)  # how fast knocks fade, by the length of a sound
_LOUDNESS = (0.05, 0.5)
_HISS = 0.05  # largest deviation of the noise beside them
_TOGETHER = 1 << 20  # values of films and volumes that are drawn at a time
_BLOBS = 6
_AXES = (0.08, 0.4)  # half the axes of a blob, as shares of the sides
_SOFT = (3.0, 30.0)  # how steep its surface is


def knocks(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return sounds of one to eight tones and hisses that begin at once and fade, in [0, 1].

    Args:
        size: Number of steps, and of channels if there are any, which differ in loudness.
        count: Number of sounds.
        generator: The random generator.
    """
    plain = (size[0], prod(size[1:]))
    return in_blocks(_knocks, plain, count, generator).reshape(count, *size)


def _knocks(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    steps, channels = size
    time = np.arange(steps, dtype=np.float32) / np.float32(steps)
    hiss = between(generator, 0, _HISS, (count, 1))
    found = hiss * generator.standard_normal((count, steps), np.float32)
    for some in having_parts(generator, 1, _KNOCKS, count):
        shape = (some, 1)
        since = time - between(generator, 0, 1, shape)
        cycles = log_between(generator, 1, max(2.0, steps / 3), shape)
        grain = generator.standard_normal((some, steps), np.float32) / 2
        wave = np.where(generator.random(shape) < 1 / 3, grain, np.sin(2 * np.pi * cycles * since))
        fading = np.exp(-log_between(generator, *_RING, shape) * np.maximum(since, 0))
        loudness = log_between(generator, *_LOUDNESS, shape)
        found[:some] += np.where(since >= 0, loudness * fading * wave, 0)
    gains = between(generator, 1 / 2, 1, (count, 1, channels))
    return np.clip(np.float32(0.5) + gains * found[..., None], 0, 1)


def candidate_films(
    size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    """Return films of fields, curves or leaves that move evenly before a still picture, in [0, 1].

    What moves is seen where it is lighter than that picture, or in half of them darker.

    Args:
        size: Number of steps, height, width and channels.
        count: Number of films.
        generator: The random generator.
    """
    return in_blocks(_films, size, count, generator, _TOGETHER)


def _films(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    family = (field_pictures, curve_pictures, leaf_pictures)[int(generator.integers(3))]
    first = family(size[1:], count, generator)
    still = field_pictures(size[1:], count, generator)[:, None]
    films = moved(first, size[0], generator)
    lighter = generator.random((count, 1, 1, 1, 1)) < 1 / 2
    return np.where(lighter, np.maximum(films, still), np.minimum(films, still))


def blobs(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return volumes of one to six soft ellipsoids over each other, in [0, 1].

    Args:
        size: Depth, height, width and channels, each of which has greys of its own.
        count: Number of volumes.
        generator: The random generator.
    """
    return in_blocks(_blobs, size, count, generator, _TOGETHER)


def _blobs(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    *grid, channels = size
    places = np.meshgrid(
        *((np.arange(length, dtype=np.float32) + 0.5) / length for length in grid), indexing="ij"
    )
    flat = (1,) * len(grid)
    ground = generator.random((count, *flat, channels), np.float32)
    ground *= generator.random((count, *flat, 1)) < 1 / 2
    found = np.broadcast_to(ground, (count, *size)).copy()
    for some in having_parts(generator, 1, _BLOBS, count):
        here, shape = found[:some], (some, *flat)
        squares = [
            ((place - between(generator, 0, 1, shape)) / log_between(generator, *_AXES, shape)) ** 2
            for place in places
        ]
        away = np.sqrt(np.sum(squares, axis=0))
        mask = sigmoid(log_between(generator, *_SOFT, shape) * (1 - away))[..., None]
        here += mask * (generator.random((some, *flat, channels), np.float32) - here)
    return found
