"""Spectra: random fields over any number of axes, by how their waves fade with frequency.

The real and the imaginary part of filtered complex noise are two fields that know nothing of each
other, so one transform draws both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import FloatArray

_TINY = 1e-9


def frequencies(grid: tuple[int, ...]) -> FloatArray:
    """Return the frequency of each wave of a grid in cycles a pixel; a wave's length for none."""
    squares = np.meshgrid(*(np.fft.fftfreq(length) ** 2 for length in grid), indexing="ij")
    frequency = np.sqrt(np.sum(squares, axis=0))
    frequency.flat[0] = 1 / max(grid)
    return np.asarray(frequency)


def falling(grid: tuple[int, ...], slope: FloatArray) -> FloatArray:
    """Return responses f^-a.

    Args:
        grid: Lengths of the axes.
        slope: The exponent a of each sample, shape (samples,).

    Returns:
        Shape (samples, *grid).
    """
    logarithm = np.log(frequencies(grid)).astype(np.float32)
    exponent = slope.astype(np.float32).reshape(-1, *(1,) * len(grid))
    return np.asarray(np.exp(-exponent * logarithm))


def filtered_noise(response: FloatArray, each: int, generator: np.random.Generator) -> FloatArray:
    """Return random fields of mean 0 and deviation 1.

    Args:
        response: What becomes of each wave, by sample, shape (samples, *grid).
        each: Fields of a sample. Two that are drawn as one may take the response of the first.
        generator: The random generator.

    Returns:
        Shape (samples, each, *grid), float32.
    """
    count, grid = len(response), response.shape[1:]
    axes = tuple(range(1, 1 + len(grid)))
    pairs = np.repeat(response, each, axis=0)[::2]
    noise = generator.standard_normal((2, *pairs.shape), np.float32)
    waves = np.fft.ifftn((noise[0] + 1j * noise[1]) * pairs, axes=axes)
    field = np.stack([waves.real, waves.imag], axis=1).astype(np.float32)
    field = field.reshape(-1, *grid)[: count * each]
    field -= field.mean(axis=axes, keepdims=True)
    field /= field.std(axis=axes, keepdims=True) + _TINY
    return field.reshape(count, each, *grid)
