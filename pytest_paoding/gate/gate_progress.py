"""What a gate has found while it is at work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_paoding.records.budgets import Judgement, Outcome
from pytest_paoding.records.results import Trial

if TYPE_CHECKING:
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.plan import LayerResult
    from pytest_paoding.records.results import GateResult


@dataclass(slots=True)
class GateProgress:
    """Findings at one ratio so far; kept when something fails half-way."""

    ratio: float | None = None
    metrics: dict[str, Measurement] = field(default_factory=dict)
    layers: tuple[LayerResult, ...] = ()
    notes: tuple[str, ...] = ()
    digest_before: str | None = None
    digest_after: str | None = None
    judgement: Judgement = field(default_factory=lambda: Judgement(Outcome.UNJUDGED, ()))

    @property
    def trial(self) -> Trial:
        """The search's record of this ratio."""
        found = {check.name: check.compared for check in self.judgement.checks}
        return Trial(self.ratio or 0.0, self.judgement.outcome, found)

    def onto(self, record: GateResult) -> GateResult:
        """Return a gate's record with these findings."""
        return replace(
            record,
            digest_before=self.digest_before,
            digest_after=self.digest_after,
            metrics=self.metrics,
            checks=self.judgement.checks,
            layers=self.layers,
            notes=self.notes,
        )
