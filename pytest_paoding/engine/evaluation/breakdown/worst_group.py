"""Groups of samples, how right each is before pruning and after, and the one that decays most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.evaluation.resampling.simultaneous import (
    difference_bounds,
    worst_curve,
)
from pytest_paoding.records.evidence.confidence_curve import ConfidenceCurve
from pytest_paoding.records.evidence.contrast import Contrast
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import FloatArray, IntArray

_NAMED = 3
"""Most groups without samples that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of samples side by side.

    Attributes:
        kind: What they are: `class` or `slice`.
        names: Their names.
        samples: Number of samples in each, shape (groups,).
        before: What is measured of each before pruning, NaN where there are no samples.
        after: The same after.
        decays: By how much it got worse.
        bounds: Bounds of the decays that hold at once, shape (groups, levels); NaN for none.
        method: How they were found.
        replicates: Number of resamples behind them.
        unbounded: Why a group has none, in one line.
    """

    kind: str
    names: tuple[str, ...]
    samples: IntArray
    before: FloatArray
    after: FloatArray
    decays: FloatArray
    bounds: FloatArray
    method: str = "score"
    replicates: int = 0
    unbounded: str | None = None

    def __len__(self) -> int:
        return len(self.names)

    def worst(self, more: str = "") -> Measurement:
        """Return the greatest decay; there has to be a group with samples.

        Args:
            more: What else the detail says.
        """
        place = int(np.nanargmax(self.decays))
        found = float(self.decays[place])
        return Measurement(
            float(self.before[place]),
            float(self.after[place]),
            found,
            detail="; ".join(filter(None, (*self._told(place), more))),
            evidence=self._curve(found, int(self.samples[place])),
        )

    def _told(self, place: int) -> list[str]:
        """Return which group is the worst, and how few samples others have."""
        present = np.flatnonzero(self.samples)
        least = int(present[self.samples[present].argmin()])
        fewer = self.samples[least] < self.samples[place]
        plural = f"{self.kind}{'e' * self.kind.endswith('s')}s"
        sides = f"{self.before[place]:.4f} to {self.after[place]:.4f}"
        named = f"{self.names[place]}, {self._counted(place)}, {sides}"
        return [
            f"worst of {len(self)} {plural} is {named}",
            *([f"fewest: {self.names[least]}, {self._counted(least)}"] if fewer else []),
            *([f"no samples of {self._absent}"] if self._absent else []),
        ]

    def _counted(self, place: int) -> str:
        number = int(self.samples[place])
        return f"{number} sample{'s' * (number != 1)}"

    @property
    def _absent(self) -> str:
        """The groups without samples, the first few by name."""
        places = np.flatnonzero(self.samples == 0)
        named = [self.names[place] for place in places[:_NAMED]]
        more = len(places) - len(named)
        return ", ".join([*named, *([f"{more} more"] if more else [])])

    def _curve(self, found: float, samples: int) -> ConfidenceCurve:
        reason = self.unbounded
        if self._absent:
            reason = f"nothing bounds the decay of what has no samples: {self._absent}"
        if reason:
            return ConfidenceCurve(
                Contrast.DIFFERENCE, samples, self.method, self.replicates, reason=reason
            )
        return worst_curve(
            self.bounds, found, samples=samples, method=self.method, replicates=self.replicates
        )


def counted_groups(
    kind: str, names: Sequence[str], counts: FloatArray, *, among: int | None = None
) -> Groups:
    """Return groups of samples that are each right or wrong.

    Args:
        kind: What the groups are.
        names: Their names.
        counts: Numbers of samples right before and after, right before only, right after only, and
            of all, shape (4, groups).
        among: How many groups bounds hold for at once; these unless given.
    """
    both, lost, gained, samples = counts
    with np.errstate(invalid="ignore"):
        before, after = (both + lost) / samples, (both + gained) / samples
        decays = (lost - gained) / samples
    return Groups(
        kind=kind,
        names=tuple(names),
        samples=samples.astype(np.int64),
        before=before,
        after=after,
        decays=decays,
        bounds=difference_bounds(lost, gained, samples, among or len(names)),
    )


def joined_groups(parts: Sequence[Groups]) -> Groups:
    """Return the groups of several outputs as those of one."""
    columns = ((part.samples, part.before, part.after, part.decays, part.bounds) for part in parts)
    samples, before, after, decays, bounds = map(np.concatenate, zip(*columns, strict=True))
    return Groups(
        kind=parts[0].kind,
        names=tuple(name for part in parts for name in part.names),
        samples=samples,
        before=before,
        after=after,
        decays=decays,
        bounds=bounds,
        unbounded=next((part.unbounded for part in parts if part.unbounded), None),
    )
