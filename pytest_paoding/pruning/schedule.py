"""How many units are gone after each round."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Schedule:
    """A share of the units of every group, removed in rounds.

    After round r of R exactly `round(ratio * n * r / R)` of n units are gone, and at least one
    stays (method: arXiv 2405.00074; its implementation rounds up in every round and so removes up
    to an eighth more than asked).

    Attributes:
        ratio: Share of the units to remove, in [0, 1).
        step: Share to remove in one round, in (0, 1].
    """

    ratio: float
    step: float

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return ceil(self.ratio / self.step)

    def removed(self, width: int, number: int) -> int:
        """Return how many of `width` units are gone after round `number`, counted from 1.

        >>> [Schedule(0.5, 0.2).removed(10, number) for number in (1, 2, 3)]
        [2, 3, 5]
        """
        share = self.ratio if number == self.rounds else self.ratio * number / self.rounds
        return min(round(share * width), width - 1)
