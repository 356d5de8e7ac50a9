"""The comparison of a gate with its baseline: by how much each metric got worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.records.baseline import DIGITS, UPDATE, Entry
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import REGRESSIONS, Metric
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_paoding.records.baseline import Baseline
    from pytest_paoding.records.budgets import Limit

_OF = {
    "accuracy_drop": "accuracy",
    "agreement_drop": "agreement",
    "robustness_drop": "robust_accuracy",
    "size_increase": "size",
    "parameters_increase": "parameters",
    "flops_increase": "flops",
}
"""The metric that each regression compares."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The baseline of one gate.

    Attributes:
        entry: The baseline's entry for the gate.
        missing: Why there is none, and what to do about it.
        renewed: Whether the gate is compared with itself, as its findings become the entry.
        limited: Names of the metrics that a limit asks for.
    """

    entry: Entry | None
    missing: str
    renewed: bool
    limited: frozenset[str]

    @classmethod
    def of(
        cls, baseline: Baseline | None, name: str, limits: Iterable[Limit], *, update: str | None
    ) -> Comparison:
        """Return the comparison for the gate of a name.

        Args:
            baseline: The entries, if there are any.
            name: Name of the gate.
            limits: Its limits.
            update: Which entries this run writes: "new" or "all"; None to write none.
        """
        known = {metric.name for metric in REGRESSIONS.values()}
        limited = frozenset(limit.metric.name for limit in limits) & known
        if baseline is None:
            missing = "there is no baseline: set baseline in [tool.paoding]"
            return cls(None, missing, renewed=False, limited=limited)
        entry = baseline.entries.get(name)
        missing = f"{baseline.label} has no entry {name}: write it with {UPDATE}"
        renewed = update == "all" or (update == "new" and entry is None)
        return cls(entry, missing, renewed=renewed, limited=limited)

    def __call__(self, metrics: Mapping[str, Measurement]) -> dict[str, Measurement]:
        """Return the regressions that are limited or defined."""
        new = Entry.of_metrics(metrics)
        found = regressions(new if self.renewed else self.entry, new, missing=self.missing)
        return {
            name: measured
            for name, measured in found.items()
            if name in self.limited or measured.found is not None
        }


def regressions(old: Entry | None, new: Entry, *, missing: str) -> dict[str, Measurement]:
    """Return every regression: `before` is the baseline, `after` the present.

    Args:
        old: The baseline's entry; None where there is none.
        new: The present findings.
        missing: Why there is no entry and what to do about it, in one line.
    """
    return {
        metric.name: (
            Measurement(reason=missing)
            if old is None
            else _regression(metric, old.metrics, new.metrics)
        )
        for metric in REGRESSIONS.values()
    }


def _regression(metric: Metric, old: Mapping[str, float], new: Mapping[str, float]) -> Measurement:
    """Return the worst regression of a metric over the attack's strengths, where it has any."""
    base = _OF[metric.name]
    names = [name for name in old if name.partition("@")[0] == base]
    found = [_one(metric, old[name], new.get(name), name) for name in names]
    if not found:
        return Measurement(reason=f"the baseline has no {base.replace('_', ' ')}")
    undefined = [each for each in found if each.found is None]
    return undefined[0] if undefined else max(found, key=lambda each: each.found or 0.0)


def _one(metric: Metric, old: float, new: float | None, name: str) -> Measurement:
    if new is None:
        return Measurement(before=old, reason=f"{name.replace('_', ' ')} was not measured now")
    if metric.unit is Unit.SHARE:
        found = round(old - new, DIGITS)
    elif old == 0:
        return Measurement(before=old, after=new, reason="the baseline's value is 0")
    else:
        found = new / old - 1
    return Measurement(before=old, after=new, found=found, detail=f"{name} against the baseline")
