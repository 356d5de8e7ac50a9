"""One metric of a model before and after pruning, as plain numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.evidence.any_evidence import AnyEvidence, evidence_from_dict
from pytest_paoding.records.evidence.breakdown import Breakdown
from pytest_paoding.records.evidence.contrast import CONFIDENCE
from pytest_paoding.records.text.printing import Shown, at, show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSUMED = "in a range that is assumed (see input_range)"
"""Ends the detail of what holds only if inputs are what nothing tells that they are."""


@dataclass(frozen=True, slots=True, repr=False)
class Measurement(Shown):
    """One metric of one gate.

    Attributes:
        before: Value of the original model, where the metric has one.
        after: Value of the pruned model, where the metric has one.
        found: The value that a budget limits (for `accuracy_decay` the difference, for `size` the
            bytes after); None where it is undefined.
        reason: Why `found` is None, in one line.
        detail: Circumstance of the value, such as `epsilon 0.05`.
        evidence: The samples behind `found`, where it is an estimate from samples.
        epsilon: The strength of the attack that it was found at, where it is the worst of several.
    """

    before: float | None = None
    after: float | None = None
    found: float | None = None
    reason: str | None = None
    detail: str | None = None
    evidence: AnyEvidence | None = None
    epsilon: float | None = None

    def interval(self, confidence: float | None = None) -> tuple[float, float] | None:
        """Return the interval of the true value; None where it is unknown.

        Args:
            confidence: Share of all samplings in which it covers the true value; default 0.95.
        """
        if self.found is None or self.evidence is None:
            return None
        return self.evidence.interval(confidence or CONFIDENCE)

    def doubt(self, confidence: float) -> str | None:
        """Return why no interval of that confidence is known, in one line; None where one is."""
        if self.evidence is None:
            return "no interval is known for it: set its budget without confidence"
        if confidence > self.evidence.surest:
            sure = at(self.evidence.surest)
            return f"its interval is known{sure} at most: set its budget with that confidence"
        if self.interval(confidence) is None:
            reason = self.evidence.reason or f"its samples do not bound it{at(confidence)}"
            return f"no interval is known, {reason}: set its budget without confidence"
        return None

    def __str__(self) -> str:
        before, after, found = (
            show(value, Unit.PLAIN) for value in (self.before, self.after, self.found)
        )
        text = found if self.found is not None else f"undefined: {self.reason}"
        return text if before == after == "-" else f"{before} -> {after}, {text}"

    def to_dict(self, confidence: float | None = None) -> dict[str, Any]:
        """Return the plain form, in which the interval stands as `low` and `high`."""
        low, high = self.interval(confidence) or (None, None)
        evidence = None if self.evidence is None else self.evidence.to_dict()
        return {**asdict(self), "evidence": evidence, "low": low, "high": high}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Measurement:
        """Return the measurement whose plain form is a part of `plain`."""
        return cls(
            **{name: plain[name] for name in ("before", "after", "found", "reason", "detail")},
            evidence=evidence_from_dict(plain["evidence"]),
            epsilon=plain.get("epsilon"),  # not of old
        )


class Evaluation(dict[str, Measurement]):
    """Every metric by name, and what these averages hide.

    Attributes:
        breakdown: That; None where nobody looked.
    """

    def __init__(
        self, metrics: Mapping[str, Measurement], breakdown: Breakdown | None = None
    ) -> None:
        super().__init__(metrics)
        self.breakdown = breakdown

    @classmethod
    def of(cls, metrics: Mapping[str, Measurement]) -> Evaluation:
        """Return what an engine has measured, which may be a plain mapping."""
        return metrics if isinstance(metrics, cls) else cls(metrics)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            "metrics": {name: found.to_dict() for name, found in self.items()},
            "breakdown": None if self.breakdown is None else self.breakdown.to_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Evaluation:
        """Return the evaluation whose plain form is `plain`."""
        metrics = {name: Measurement.from_dict(each) for name, each in plain["metrics"].items()}
        hidden = plain["breakdown"]
        return cls(metrics, None if hidden is None else Breakdown.from_dict(hidden))
