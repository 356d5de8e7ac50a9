"""What a gate has found while it is at work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_paoding.records.budgets import Judgement, Outcome
from pytest_paoding.records.results import Trial

if TYPE_CHECKING:
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.results import LayerResult


@dataclass(slots=True)
class Findings:
    """What is known so far at one ratio; kept when something fails half-way."""

    ratio: float | None = None
    metrics: dict[str, Measurement] = field(default_factory=dict)
    layers: tuple[LayerResult, ...] = ()
    notes: tuple[str, ...] = ()
    digest_before: str | None = None
    digest_after: str | None = None
    judgement: Judgement = field(default_factory=lambda: Judgement(Outcome.UNJUDGED, ()))

    @property
    def trial(self) -> Trial:
        """What the search records of this ratio."""
        found = {check.name: check.compared for check in self.judgement.checks}
        return Trial(self.ratio or 0.0, self.judgement.outcome, found)


@dataclass(slots=True)
class State:
    """The findings at the ratio at hand, the ratios tried so far, and whether one has held."""

    now: Findings = field(default_factory=Findings)
    trials: list[Trial] = field(default_factory=list)
    held: bool = False
