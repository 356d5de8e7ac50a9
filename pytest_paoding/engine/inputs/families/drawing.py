"""Drawing: what families of draws share, random numbers of samples and samples in blocks."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import FloatArray

Family: TypeAlias = "Callable[[tuple[int, ...], int, np.random.Generator], FloatArray]"
"""Draws samples: their size, how many, and the generator; shape (count, *size)."""

TOGETHER = 1 << 18  # values of one array of a block: 1 MB, which a cache holds
_STEEPEST = 30.0  # beyond it a sigmoid is flat in float32


def in_blocks(
    family: Family,
    size: tuple[int, ...],
    count: int,
    generator: np.random.Generator,
    together: int = TOGETHER,
) -> FloatArray:
    """Return samples of a family in float32, drawn some at a time.

    Beside the samples no more is held than what a family needs for some of `together` values.

    Args:
        family: The family.
        size: Size of a sample.
        count: Number of samples.
        generator: The random generator.
        together: Values that are drawn at a time, at least those of one sample.
    """
    found = np.empty((count, *size), np.float32)
    several = max(1, together // max(1, prod(size)))
    for start in range(0, count, several):
        here = found[start : start + several]
        here[...] = family(size, len(here), generator)
    return found


def between(
    generator: np.random.Generator, low: float, high: float, shape: tuple[int, ...]
) -> FloatArray:
    """Return uniform numbers in float32."""
    return generator.uniform(low, high, shape).astype(np.float32)


def log_between(
    generator: np.random.Generator, low: float, high: float, shape: tuple[int, ...]
) -> FloatArray:
    """Return log-uniform numbers in float32."""
    return np.exp(between(generator, np.log(low), np.log(high), shape))


def sigmoid(values: FloatArray) -> FloatArray:
    """Return values squeezed into [0, 1], whatever they are."""
    found: FloatArray = 1 / (1 + np.exp(-np.clip(values, -_STEEPEST, _STEEPEST)))
    return found


def having_parts(
    generator: np.random.Generator, least: int, most: int, count: int, *, few: bool = False
) -> list[int]:
    """Return how many samples have a first part, a second one and so on, up to the last.

    Those that have a further part are the first ones of a block, and a view of it. Each has a
    random number of parts.

    Args:
        generator: The random generator.
        least: Fewest parts.
        most: Most of them.
        count: Number of samples.
        few: Whether the logarithm of the number is uniform rather than the number.
    """
    if few:
        number = np.floor(np.exp(generator.uniform(np.log(least), np.log(most + 1), count)))
    else:
        number = generator.integers(least, most + 1, count)
    found = [int(np.count_nonzero(number > part)) for part in range(most)]
    return [some for some in found if some]
