"""The comparison of a gate with its baseline: by how much each metric got worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.records.baseline import UPDATE, Entry, rounded
from pytest_paoding.records.budgets import measured_names
from pytest_paoding.records.formats import of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import KNOWN, METRICS, REGRESSIONS, Direction, Metric
from pytest_paoding.records.text.printing import title
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_paoding.records.baseline import Baseline
    from pytest_paoding.records.budgets import Limit

_OWN = "metric_drop"
_OF: Mapping[str, tuple[str, ...]] = {
    "accuracy_drop": ("accuracy",),
    "agreement_drop": ("agreement",),
    "score_drop": ("score", "error"),
    "divergence_increase": ("divergence",),
    "robustness_drop": ("robust_accuracy",),
    "robust_score_drop": ("robust_score", "robust_error"),
    _OWN: ("metric of your own",),
    "size_increase": ("size",),
    "parameters_increase": ("parameters",),
    "flops_increase": ("flops",),
}
"""The metrics that each regression compares."""

_COMPARED = {name: regression for regression, names in _OF.items() for name in names}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The baseline of one gate.

    Attributes:
        entry: The baseline's entry for the gate.
        missing: Why there is none, and what to do about it.
        renewed: Whether the gate is compared with itself, as its findings become the entry.
        limited: The gate's limits on what gets worse.
    """

    entry: Entry | None
    missing: str
    renewed: bool
    limited: tuple[Limit, ...]

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
        limited = tuple(limit for limit in limits if limit.metric.key in REGRESSIONS)
        if baseline is None:
            missing = "there is no baseline: set baseline in [tool.paoding]"
            return cls(None, missing, renewed=False, limited=limited)
        entry = baseline.entries.get(name)
        missing = f"{baseline.label} has no entry {name}: write it with {UPDATE}"
        renewed = update == "all" or (update == "new" and entry is None)
        return cls(entry, missing, renewed=renewed, limited=limited)

    def __call__(self, new: Entry) -> dict[str, Measurement]:
        """Return the regressions that are limited or defined."""
        old = new if self.renewed else self.entry
        found = regressions(old, new, missing=self.missing)
        asked = set()
        for limit in self.limited:
            for name in measured_names(limit, found):
                reason = self.missing if old is None else _lacking(limit, new)
                found.setdefault(name, Measurement(reason=reason))
                asked.add(name)
        return {
            name: measured
            for name, measured in found.items()
            if name in asked or measured.found is not None
        }


def regressions(old: Entry | None, new: Entry, *, missing: str) -> dict[str, Measurement]:
    """Return every regression: `before` is the baseline, `after` the present.

    Those of scores are there for each score, as `score_drop@NAME`, those of metrics of somebody's
    own for each that says which of its values are better, those of files as `...@FORMAT`. What
    neither entry has stands under the plain name, undefined.

    Args:
        old: The baseline's entry; None where there is none.
        new: The present findings.
        missing: Why there is no entry and what to do about it, in one line.
    """
    groups: dict[str, list[str]] = {metric.name: [] for metric in REGRESSIONS.values()}
    if old is None:
        return {name: Measurement(reason=missing) for name in groups}
    better = {**old.better, **new.better}
    for name in {**old.metrics, **new.metrics, **new.undefined}:
        if group := _compared_as(name, better):
            groups.setdefault(group, []).append(name)
    return {group: _regression(group, names, (old, new), better) for group, names in groups.items()}


def _compared_as(name: str, better: Mapping[str, str]) -> str | None:
    """Return the regression that a metric belongs to; None if it belongs to none."""
    if name in better:
        return f"{_OWN}@{name}"
    whole, file_format = parted(name)
    base, _, part = whole.partition("@")
    regression = _COMPARED.get(base)
    if regression is None:
        return None
    if KNOWN[regression].per_score:
        score = part.rpartition("@")[0] if METRICS[base].per_epsilon else part
        regression = f"{regression}@{score}"
    return of_file(regression, file_format)


def _lacking(limit: Limit, new: Entry) -> str:
    """Return why there is no regression for a limit of one score, one metric or one file."""
    if limit.metric.name == _OWN and limit.part in new.metrics:
        return (
            f"nothing says which values of {limit.part} are better: return it from the hook "
            f"pytest_paoding_metrics, or limit it in pytest_paoding_modify_budget"
        )
    name = _OF[limit.metric.name][0] if limit.part is None else f"{_base(limit)}@{limit.part}"
    return f"the baseline has no {title(of_file(name, limit.file_format))}"


def _base(limit: Limit) -> str:
    return "metric" if limit.metric.name == _OWN else _OF[limit.metric.name][0]


def _regression(
    group: str,
    names: Sequence[str],
    entries: tuple[Entry, Entry],
    better: Mapping[str, str],
) -> Measurement:
    """Return the worst regression of a metric over the attack's strengths, where it has any."""
    old, new = entries
    metric = KNOWN[group.partition("@")[0]]
    found = [
        _unmeasured(old.metrics[name], name, new)
        if name not in new.metrics
        else _one(metric, old.metrics[name], new.metrics[name], name, _direction(name, better))
        for name in names
        if name in old.metrics
    ]
    if not found:
        what = names[0] if names else _OF[metric.name][0]
        why = new.undefined.get(what)
        nothing = f"the baseline has no {title(what)}"
        return Measurement(reason=f"{nothing}; now: {why}" if why else nothing)
    undefined = [each for each in found if each.found is None]
    return undefined[0] if undefined else max(found, key=lambda each: each.found or 0.0)


def _direction(name: str, better: Mapping[str, str]) -> Direction:
    if name in better:
        return Direction(better[name])
    return METRICS[name.partition("@")[0]].direction


def _unmeasured(old: float, name: str, new: Entry) -> Measurement:
    """Return the regression of a metric that has no value now, with the reason if there is one."""
    if why := new.undefined.get(name):
        return Measurement(before=old, reason=f"{title(name)}: {why}")
    return Measurement(before=old, reason=f"{title(name)} was not measured now")


def _one(metric: Metric, old: float, new: float, name: str, direction: Direction) -> Measurement:
    if metric.unit is not Unit.PERCENT:
        found = rounded(old - new if direction is Direction.HIGHER else new - old, metric.unit)
    elif old == 0:
        return Measurement(before=old, after=new, reason="the baseline's value is 0")
    else:
        found = new / old - 1
    detail = f"{name} against the baseline"
    return Measurement(old, new, found, detail=detail, epsilon=_strength(name))


def _strength(name: str) -> float | None:
    """Return the strength of the attack under which a metric was measured, if it was under one."""
    metric = METRICS.get(name.partition("@")[0])
    if metric is None or not metric.per_epsilon:
        return None
    try:
        return float(parted(name)[0].rpartition("@")[2])
    except ValueError:  # names of files are what anybody wrote
        return None
