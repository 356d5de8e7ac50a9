"""Series shapes: walks, waves, seasons, pulses and steps, as candidates for series of features.

The features of a series are mixtures of one to three sources, so that they go together; contrast,
level and windows are those of `series_draws`. Sizes of more axes than steps and features are taken
as steps of as many features as the others have places. Memory beside the result: some arrays of
2^18 values, or of one series.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.inputs.families.drawing import in_blocks, log_between, sigmoid
from pytest_paoding.engine.inputs.families.series_draws import framed_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import FloatArray

    Sources = Callable[[int, int, np.random.Generator], FloatArray]
    """Returns sources: steps, how many, and the generator; shape (count, steps)."""

_SOURCES = 3
_RARE, _FAR = 0.1, 6.0  # share of steps that are so many times as large, in walks with jumps
_WAVES = 5  # most sinusoids of a sum
_SEASONS = (2.0, 24.0)  # how often a season comes back, at most a third as often as steps
_WIDTHS = (0.1, 0.2)  # of pulses, by the length: from a step, or this, to this
_EVENTS = 8  # most pulses or levels


def walks(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return random walks, shape (count, *size), in [0, 1]; half of them jump."""
    return _mixed(_walks, size, count, generator)


def waves(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return sums of one to five sinusoids, shape (count, *size), in [0, 1]."""
    return _mixed(_waves, size, count, generator)


def seasons(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return a season on a trend with noise, shape (count, *size), in [0, 1]."""
    return _mixed(_seasons, size, count, generator)


def pulses(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return pulses that fade, or come in bells, shape (count, *size), in [0, 1]."""
    return _mixed(_pulses, size, count, generator)


def steps(size: tuple[int, ...], count: int, generator: np.random.Generator) -> FloatArray:
    """Return levels between which series switch, shape (count, *size), in [0, 1]."""
    return _mixed(_levels, size, count, generator)


def _mixed(
    sources: Sources, size: tuple[int, ...], count: int, generator: np.random.Generator
) -> FloatArray:
    length, features = size[0], prod(size[1:])

    def some(_: tuple[int, ...], part: int, generator: np.random.Generator) -> FloatArray:
        found = sources(length, part * _SOURCES, generator)
        found -= found.mean(axis=1, keepdims=True)
        found /= found.std(axis=1, keepdims=True) + np.float32(1e-6)
        share = generator.standard_normal((part, _SOURCES, features), np.float32)
        share *= np.arange(_SOURCES)[:, None] < generator.integers(1, _SOURCES + 1, (part, 1, 1))
        mixed = np.einsum("nst,nsf->ntf", found.reshape(part, _SOURCES, length), share)
        return framed_series(mixed, generator)

    return in_blocks(some, (length, features), count, generator).reshape(count, *size)


def _times(length: int) -> FloatArray:
    """Return the times of steps, from 0 to nearly 1."""
    return np.arange(length, dtype=np.float32) / np.float32(length)


def _random(generator: np.random.Generator, low: float, high: float, count: int) -> FloatArray:
    return generator.uniform(low, high, (count, 1)).astype(np.float32)


def _walks(length: int, count: int, generator: np.random.Generator) -> FloatArray:
    found = generator.standard_normal((count, length), np.float32)
    jumps = generator.random((count, length)) < _RARE
    jumps &= generator.random((count, 1)) < 1 / 2
    found[jumps] *= _FAR
    return np.cumsum(found, axis=1)


def _waves(length: int, count: int, generator: np.random.Generator) -> FloatArray:
    found = np.zeros((count, length), np.float32)
    number = generator.integers(1, _WAVES + 1, (count, 1))
    for wave in range(_WAVES):
        cycles = log_between(generator, 1 / 2, max(2.0, length / 3), (count, 1))
        loudness = _random(generator, 0.2, 1, count) * (number > wave)
        angle = cycles * _times(length) + _random(generator, 0, 1, count)
        found += loudness * np.sin(2 * np.pi * angle).astype(np.float32)
    return found


def _seasons(length: int, count: int, generator: np.random.Generator) -> FloatArray:
    low, high = _SEASONS
    cycles = log_between(generator, low, max(low, min(high, length / 3)), (count, 1))
    angle = 2 * np.pi * (cycles * _times(length) + _random(generator, 0, 1, count))
    sharp = log_between(generator, 1 / 2, 8, (count, 1))
    season = np.tanh(sharp * (np.sin(angle) + _random(generator, -1, 1, count)))
    bend = log_between(generator, 1 / 3, 3, (count, 1))
    trend = _random(generator, -3, 3, count) * _times(length) ** bend
    rough = _random(generator, 0, 0.5, count)
    grain = generator.standard_normal((count, length), np.float32)
    return np.asarray(season + trend + rough * grain, np.float32)


def _pulses(length: int, count: int, generator: np.random.Generator) -> FloatArray:
    found = np.zeros((count, length), np.float32)
    low, high = _WIDTHS
    width = log_between(generator, min(low, 1 / length), high, (count, 1))
    fades = generator.random((count, 1)) < 1 / 2
    number = generator.integers(1, _EVENTS + 1, (count, 1))
    for event in range(_EVENTS):
        since = (_times(length) - _random(generator, 0, 1, count)) / width
        shape = np.where(fades, np.where(since >= 0, np.abs(since), np.inf), since**2)
        height = _random(generator, -0.3, 1, count) * (number > event)
        found += height * np.exp(-shape).astype(np.float32)
    return found


def _levels(length: int, count: int, generator: np.random.Generator) -> FloatArray:
    found = np.zeros((count, length), np.float32)
    steep = log_between(generator, 10, 10 * max(2, length), (count, 1))
    number = generator.integers(1, _EVENTS + 1, (count, 1))
    for event in range(_EVENTS):
        since = _times(length) - _random(generator, 0, 1, count)
        height = generator.standard_normal((count, 1), np.float32) * (number > event)
        found += height * sigmoid(steep * since)
    return found
