"""The schedule: number of units gone after each round."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.constraints import Quota


@dataclass(frozen=True, slots=True)
class Schedule:
    """Shares of the units of every group, removed in rounds.

    After round r of R, `round(ratio * n * r / R)` of n units are gone, and at least one stays
    (method: arXiv 2405.00074; its implementation rounds up in every round and so removes up to an
    eighth more than asked).

    Attributes:
        ratio: The largest share to remove from any group, in [0, 1).
        step: Share to remove in one round, in [0.001, 1]: at most 1000 rounds.
    """

    ratio: float
    step: float

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return ceil(self.ratio / self.step)

    def removed(self, width: int, quota: Quota, number: int) -> int:
        """Return the number of `width` units that are gone after round `number`, counted from 1.

        >>> from pytest_paoding.engine.pruning.constraints import Quota
        >>> [Schedule(0.5, 0.2).removed(10, Quota(5, share=0.5), number) for number in (1, 2, 3)]
        [2, 3, 5]
        """
        if number == self.rounds:
            return quota.count
        return min(round(quota.share * width * number / self.rounds), quota.count)
