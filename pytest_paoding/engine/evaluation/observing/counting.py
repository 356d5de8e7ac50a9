"""Which samples count at which outputs, noted down batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.graph.types import BoolArray


@dataclass(slots=True)
class Counting:
    """Notes which samples count.

    Attributes:
        outputs: The outputs, by their numbers in the model.
    """

    outputs: Sequence[int]
    _parts: list[BoolArray] = field(default_factory=list, init=False)

    def take(self, batch: Batch) -> None:
        """Note a batch down; a sample counts where any of its places does."""
        self._parts.append(np.stack([_samples(batch, output) for output in self.outputs]))

    @property
    def found(self) -> BoolArray | None:
        """Which samples count at each output, shape (outputs, samples); None if all do."""
        counts = np.concatenate(self._parts, axis=1)
        return None if counts.all() else counts


def _samples(batch: Batch, output: int) -> BoolArray:
    """Return which samples of a batch count at an output, shape (samples,)."""
    counts = batch.counts(output)
    if counts is None:
        return np.ones(batch.size, bool)
    found = counts.reshape(batch.size, -1).any(axis=1)
    return np.asarray(found)
