"""By how much a gate got worse than the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.baseline import DIGITS, Entry
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import REGRESSIONS, Metric
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF = {
    "accuracy_drop": "accuracy",
    "agreement_drop": "agreement",
    "robustness_drop": "robust_accuracy",
    "size_increase": "size",
    "parameters_increase": "parameters",
    "flops_increase": "flops",
}
"""Which metric a regression is one of."""


def regressions(old: Entry | None, new: Entry, *, missing: str) -> dict[str, Measurement]:
    """Return by how much every metric got worse; before and after are baseline and present.

    Args:
        old: The baseline's entry; None where there is none.
        new: What was found now.
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
