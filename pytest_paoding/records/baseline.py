"""The baseline, which holds what a team has accepted: read, compared and updated.

A baseline is one small JSON file, sorted and without times, paths or hosts, so that its diff in a
review shows what has changed about the models. Entries are keyed by the gate's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.metrics import METRICS, REGRESSIONS, metric_of, unit_of
from pytest_paoding.records.results import DEFAULT
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.records.text.printing import show, show_apart, title
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.results import GateResult

SCHEMA = "pytest-paoding-baseline/1"
UPDATE = "pytest --paoding-update-baseline"
"""The command that writes missing entries."""

DIGITS = 6
"""Decimal places of stored and compared values, or their digits; beyond them machines differ."""
_SETTINGS = ("ratio", "strategy", "seed", "attack", "epsilons")
"""Settings that an entry always holds; others only where some source gives them."""
_OF_FILES = ("formats",)
"""Settings that cannot change any compared metric."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The comparable findings of one gate.

    Attributes:
        metrics: Rounded value of every metric, of exported files and of somebody's own code too.
        settings: Settings of the pruning and the attack.
        environment: Versions of the engine's packages, and the kind of machine.
        better: Which values are the better ones, "lower" or "higher", of metrics that are not of
            this package, as far as that is known.
        undefined: Why metrics have no value, by name; known of present findings only.
    """

    metrics: Mapping[str, float]
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    better: Mapping[str, str] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of_metrics(
        cls, metrics: Mapping[str, Measurement], better: Mapping[str, str] | None = None
    ) -> Entry:
        """Return an entry of measured values only, and of which ones are better."""
        reasons = {name: each.reason for name, each in metrics.items() if each.reason}
        return cls(_values(metrics), better=better or {}, undefined=reasons)

    @classmethod
    def from_result(cls, result: GateResult) -> Entry:
        """Return the entry for a gate's record."""
        machine = {} if result.machine is None else {"machine": result.machine}
        return cls(
            metrics=_values(result.metrics),
            settings={
                key: setting.value
                for key, setting in result.settings.items()
                if key in _SETTINGS or (setting.source != DEFAULT and key not in _OF_FILES)
            },
            environment={**result.versions, **machine},
            better=dict(result.better),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form, in which what is better stands only where something is known."""
        plain = asdict(self)
        unsaid = {"undefined"} if self.better else {"undefined", "better"}
        return {key: each for key, each in plain.items() if key not in unsaid}

    def differences(self, other: Entry) -> list[str]:
        """Return the settings and versions in which another entry differs, one text each."""
        mine = {**self.settings, **self.environment}
        theirs = {**other.settings, **other.environment}
        names = {*self.settings, *other.settings, *(self.environment.keys() & other.environment)}
        return [
            f"{key} {theirs.get(key, DEFAULT)}, here {mine.get(key, DEFAULT)}"
            for key in sorted(names)
            if theirs and _in_order(mine.get(key)) != _in_order(theirs.get(key))
        ]


def _in_order(value: Any) -> Any:
    """Return a setting so that two are equal only if patterns in them stand in the same order."""
    return list(value.items()) if isinstance(value, Mapping) else value


def rounded(value: float, unit: Unit) -> float:
    """Return a value as far as machines agree: in a unit of its own six digits, else six places.

    >>> rounded(0.123456789e-5, Unit.PLAIN), rounded(1234567, Unit.PLAIN)
    (1.23457e-06, 1234567)
    """
    if unit is Unit.PLAIN and value != int(value):
        return float(f"{value:.{DIGITS}g}")
    return round(value, DIGITS)


def _values(metrics: Mapping[str, Measurement]) -> dict[str, float]:
    kept = {
        name: kept_value(name, measured)
        for name, measured in metrics.items()
        if not (is_compared(name) or _is_advisory(name))
    }
    return {name: value for name, value in kept.items() if value is not None}


def _is_advisory(name: str) -> bool:
    metric = metric_of(name)
    return metric is not None and metric.advisory


def is_compared(name: str) -> bool:
    """Whether a metric compares others with those of an earlier run, and is not kept itself."""
    metric = metric_of(name)
    return metric is not None and metric.key in REGRESSIONS


def kept_value(name: str, measured: Measurement) -> float | None:
    """Return the rounded value of a metric, as files keep it; None where it has none."""
    if measured.found is None or not isfinite(measured.found):
        return None
    return rounded(measured.found, unit_of(name))


@dataclass(frozen=True, slots=True)
class Baseline:
    """The entries of a file; none where it does not exist yet.

    Attributes:
        path: The file.
        label: Its name in messages.
        entries: Entries by name of the gate.
    """

    path: Path
    label: str
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Mapping[str, Any], path: Path, *, label: str) -> Baseline:
        """Return the baseline that a document holds, which is as its schema says."""
        entries = {name: Entry(**fields) for name, fields in document["gates"].items()}
        return cls(path, label, entries)

    def to_document(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            "schema": SCHEMA,
            "gates": {name: entry.to_dict() for name, entry in sorted(self.entries.items())},
        }

    def to_text(self) -> str:
        """Return the file's content."""
        return to_json(self.to_document())


@dataclass(frozen=True, slots=True)
class Update:
    """An updated baseline and its changes.

    Attributes:
        baseline: The new one.
        lines: One line for each entry that is added, changed, removed or left out.
    """

    baseline: Baseline
    lines: tuple[str, ...] = ()

    def changes(self, present: Baseline) -> bool:
        """Whether the file is to be written."""
        return dict(self.baseline.entries) != dict(present.entries)


def updated(
    baseline: Baseline,
    results: Iterable[GateResult],
    *,
    everything: bool,
    unfit: Mapping[str, str],
    stale: Iterable[str] = (),
) -> Update:
    """Return a baseline with the entries of gates that passed.

    Args:
        baseline: The present one; entries of gates that did not run stay.
        results: The records of gates that ran.
        unfit: Reasons not to write a gate's entry, by name.
        everything: Whether existing entries are replaced, and stale ones removed.
        stale: Names of entries that no gate has.
    """
    entries, lines = dict(baseline.entries), list[str]()
    for result in results:
        old = entries.get(result.name)
        if old is not None and not everything:
            continue
        if result.name in unfit:
            lines.append(f"left out {result.name}: {unfit[result.name]}")
            continue
        entries[result.name] = new = Entry.from_result(result)
        if old is None:
            lines.append(f"added {result.name}")
        elif old != new:
            lines.append(f"changed {result.name} ({_changed(old, new)})")
    for name in stale if everything else ():
        del entries[name]
        lines.append(f"removed {name}")
    return Update(replace(baseline, entries=entries), tuple(lines))


def _changed(old: Entry, new: Entry) -> str:
    parts = [
        f"{title(name)} {' -> '.join(_shown(name, old, new))}"
        for name in {**old.metrics, **new.metrics}
        if old.metrics.get(name) != new.metrics.get(name)
    ]
    return ", ".join(parts) or "settings or environment"


def _shown(name: str, old: Entry, new: Entry) -> tuple[str, str]:
    metric = METRICS.get(name.partition("@")[0])
    unit = Unit.PLAIN if metric is None else metric.unit
    before, after = old.metrics.get(name), new.metrics.get(name)
    if before is None or after is None:
        return show(before, unit), show(after, unit)
    return show_apart(before, after, unit)
