"""The resamples of one evaluation, as counts of samples: the same for all scores and models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.types import FloatArray

_BLOCK = 1 << 22
"""Counts in a block: 32 MB, of which a score needs a few times as much."""
_KEPT = 1 << 28
_GROUPS = 100
"""Most groups that are left out in turn."""


@dataclass(frozen=True, slots=True)
class Resamples:
    """Resamples of the samples of one evaluation (Efron 1979): drawn anew for every pass, alike.

    Attributes:
        samples: Number of samples, at least 1.
        seed: Seed of the draws; the same seed and number of samples give the same ones.
        replicates: Number of resamples.
    """

    samples: int
    seed: int = 0
    replicates: int = 2000
    _kept: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    def blocks(self) -> Iterator[FloatArray]:
        """Yield how often each sample is in each resample, shape (up to 2^22 / n, n).

        Cost: 15 ns for each of the n times `replicates` counts, the first time; they are kept, in a
        byte each, where all together take less than 256 MB. 100 MB while a block is made.
        """
        if self._kept:
            yield from (each.astype(np.float64) for each in self._kept)
            return
        generator, kept = self._generator(0), []
        for done, size in self._parts(self.replicates):
            counts = _counts(generator, min(size, self.replicates - done), self.samples)
            if self.samples * self.replicates < _KEPT and counts.max() <= np.iinfo(np.uint8).max:
                kept.append(counts.astype(np.uint8))
            yield counts
        if sum(map(len, kept)) == self.replicates:
            self._kept.extend(kept)

    def remainders(self) -> Iterator[FloatArray]:
        """Yield weights that leave out one group each, shape (up to 2^22 / n, n).

        Up to 100 samples are left out one by one, more in 100 groups drawn by chance.
        """
        groups = min(self.samples, _GROUPS)
        group = self._generator(1).permutation(self.samples) % groups
        for done, size in self._parts(groups):
            left_out = np.arange(done, min(done + size, groups))
            yield (group != left_out[:, None]).astype(np.float64)

    def _parts(self, rows: int) -> list[tuple[int, int]]:
        """Return where each block of rows begins, and how many it may have."""
        size = max(1, _BLOCK // self.samples)
        return [(done, size) for done in range(0, rows, size)]

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, purpose, 2))


def _counts(generator: np.random.Generator, rows: int, samples: int) -> FloatArray:
    """Return how often each sample is drawn in each row, shape (rows, samples)."""
    places = generator.integers(samples, size=(rows, samples))
    places += samples * np.arange(rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=places.size)
    return counts.reshape(places.shape).astype(np.float64)
