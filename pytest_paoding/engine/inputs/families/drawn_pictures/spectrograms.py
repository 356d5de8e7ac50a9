"""Spectrograms: tracks with harmonics that come and go in time, over a falling noise floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import (
    between,
    having_parts,
    log_between,
    sigmoid,
)
from pytest_paoding.engine.inputs.families.spectra import falling, filtered_noise

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_NOTES = 5
_BASE = (0.03, 0.6)  # frequency of a note's first track, as a share of the highest
_BEND = (0.15, 3.0)  # largest change of it as a share; most waves of that
_HARMONICS = (1, 12)
_FADING = 0.4  # largest rate at which harmonics fade with their number
_WIDTH = (0.01, 0.04)  # of a track, as a share of the frequencies
_LENGTH = (0.05, 0.6)  # half of a note's, as a share of the time
_ATTACK = 40.0  # how steeply notes begin and end, by the time
_FLOOR, _FALL = 0.5, 3.0  # largest noise at the lowest frequency; fastest rate at which it falls
_ROUGHNESS = (0.0, 1.0)  # slope of the noise's spectrum
_CLICKS = 0.4  # share of spectrograms with sounds of all frequencies at once


def spectrograms(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return spectrograms, shape (count, *grid), in [0, 1].

    In half of them time runs along the columns, in the others along the rows; the lowest frequency
    is at either end.
    """
    half = count // 2
    across = _spectrograms(grid, half, generator)
    down = _spectrograms((grid[1], grid[0]), count - half, generator).transpose(0, 2, 1)
    return np.concatenate([across, down])


def _spectrograms(grid: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return spectrograms whose frequencies are rows."""
    frequency = np.linspace(0, 1, grid[0], dtype=np.float32)[:, None]
    time = np.linspace(0, 1, grid[1], dtype=np.float32)
    shape = (count, 1, 1)
    rate = between(generator, 0, _FALL, shape)
    floor = between(generator, 0, _FLOOR, shape) * np.exp(-rate * frequency)
    rough = falling(grid, between(generator, *_ROUGHNESS, (count,)))
    found = floor * (1 + np.float32(0.5) * filtered_noise(rough, 1, generator)[:, 0])
    found += _clicks(time, count, generator)
    for some in having_parts(generator, 1, _NOTES, count):
        here = found[:some]
        np.maximum(here, _note(frequency, time, some, generator), out=here)
    found = np.where(generator.random(shape) < 1 / 2, found, found[:, ::-1])
    return np.asarray(np.clip(found, 0, 1))


def _note(
    frequency: FloatArray, time: FloatArray, count: int, generator: np.random.Generator
) -> FloatArray:
    """Return how loud a note is at every frequency and time: at multiples of one that bends."""
    shape = (count, 1, 1)
    bend, waves = _BEND
    angle = between(generator, 0, waves, shape) * time + between(generator, 0, 1, shape)
    base = log_between(generator, *_BASE, shape)
    base = base * (1 + between(generator, 0, bend, shape) * np.sin(2 * np.pi * angle))
    most = generator.integers(*_HARMONICS, shape, endpoint=True)
    number = np.clip(np.rint(frequency / base), 1, most)
    apart = (frequency - number * base) / between(generator, *_WIDTH, shape)
    fading = np.exp(-between(generator, 0, _FADING, shape) * (number - 1))
    middle, length = between(generator, 0, 1, shape), between(generator, *_LENGTH, shape)
    sounding = sigmoid(_ATTACK * (length - np.abs(time - middle)))
    loudness = between(generator, 0.3, 1, shape)
    return np.asarray(loudness * fading * sounding * np.exp(-(apart**2)))


def _clicks(time: FloatArray, count: int, generator: np.random.Generator) -> FloatArray:
    """Return sounds that begin at once and fade, in some spectrograms, shape (count, 1, times)."""
    shape = (count, 1, 1)
    since = time - between(generator, 0, 1, shape)
    rate = log_between(generator, 3, 60, shape)
    loudness = between(generator, 0, 1, shape) * (generator.random(shape) < _CLICKS)
    return np.where(since >= 0, loudness * np.exp(-rate * np.maximum(since, 0)), 0)
