"""Runs as a history keeps them, and what has become of each metric of a gate over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.baseline import is_compared, kept_value
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.runs.changes import Change, improved
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.run_record import RunRecord

SCHEMA = "pytest-paoding-history/1"
SHOWN = 50
"""Most runs of a gate that trends are drawn over."""
_HEAD = ("created", "commit", "dirty", "branch", "command")


@dataclass(frozen=True, slots=True)
class PastGate:
    """What one run found of one gate.

    Attributes:
        outcome: Its answer.
        metrics: Rounded value of every metric; None where it had none.
        ratio: The ratio it was pruned at, where one is known.
        better: Which values are better, "lower" or "higher", of metrics that are not of this
            package; known of present findings only.
    """

    outcome: Outcome
    metrics: Mapping[str, float | None]
    ratio: float | None = None
    better: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def from_result(cls, result: GateResult) -> PastGate:
        """Return what is kept of a gate's record: what is compared with a baseline is derived."""
        metrics = {
            name: kept_value(name, measured)
            for name, measured in result.metrics.items()
            if not is_compared(name)
        }
        return cls(result.outcome, metrics, result.ratio, result.better)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            "outcome": self.outcome.value,
            "ratio": self.ratio,
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> PastGate:
        """Return the gate whose plain form is `plain`."""
        return cls(Outcome(plain["outcome"]), plain["metrics"], plain["ratio"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run: when, of what, and what it found.

    Attributes:
        created: When it ended, in UTC, as ISO 8601 writes it.
        commit: The commit it judged; None where unknown, as all below.
        dirty: Whether tracked files differed from it.
        branch: Its branch.
        command: The command line.
        gates: Its findings by name of the gate.
    """

    created: str
    commit: str | None = None
    dirty: bool | None = None
    branch: str | None = None
    command: str | None = None
    gates: Mapping[str, PastGate] = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: RunRecord) -> PastRun:
        """Return what is kept of a run: every gate that was measured, whatever its outcome."""
        around = {name: record.environment.get(name) for name in _HEAD[1:]}
        judged = [result for result in record.results if result.metrics]
        gates = {result.name: PastGate.from_result(result) for result in judged}
        return cls(created=record.created, gates=gates, **around)

    def to_dict(self) -> dict[str, Any]:
        """Return the run in the layout named by `schema`; plain types only."""
        return {
            "schema": SCHEMA,
            "plugin": __version__,
            **{name: getattr(self, name) for name in _HEAD},
            "gates": {name: gate.to_dict() for name, gate in self.gates.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> PastRun:
        """Return the run whose plain form is `plain`."""
        gates = {name: PastGate.from_dict(gate) for name, gate in plain["gates"].items()}
        return cls(gates=gates, **{name: plain[name] for name in _HEAD})


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric of one gate over several runs.

    Attributes:
        metric: Its name.
        values: Its value in each run, the last one being this; None where it had none.
        better: Whether this run's is better than the last one before; None where nobody can tell.
    """

    metric: str
    values: tuple[float | None, ...]
    better: bool | None = None

    @property
    def known(self) -> list[float]:
        """The values that there are."""
        return [value for value in self.values if value is not None]

    @property
    def change(self) -> Change:
        """What has changed since the last run before that had a value."""
        return Change(self.metric, last_of(self.values[:-1]), self.values[-1], self.better)


def last_of(values: Sequence[float | None]) -> float | None:
    """Return the last value that there is; None without any."""
    return next((value for value in reversed(values) if value is not None), None)


@dataclass(frozen=True, slots=True)
class GateTrend:
    """One gate over several runs.

    Attributes:
        runs: The runs that have it, the oldest first and this one last.
        gates: What each of them found of it.
        trends: Its metrics, in the order of reports.
    """

    runs: tuple[PastRun, ...]
    gates: tuple[PastGate, ...]
    trends: tuple[Trend, ...]


Trends = Mapping[str, GateTrend]
"""The trends of the gates of a run, by name; empty where it has no history."""


def trends(past: Sequence[PastRun], now: PastRun) -> Trends:
    """Return the trend of every gate of a run that earlier ones have too, by name.

    Args:
        past: The earlier runs, the oldest first.
        now: The run.
    """
    found = {}
    for name in now.gates:
        runs = [run for run in (*past, now) if name in run.gates][-SHOWN:]
        gates = [run.gates[name] for run in runs]
        if len(runs) > 1:
            found[name] = GateTrend(tuple(runs), tuple(gates), tuple(_of_metrics(gates)))
    return found


def _of_metrics(gates: Sequence[PastGate]) -> Iterator[Trend]:
    """Yield the trend of every metric of the last gate that has two values at least."""
    now = gates[-1]
    for name in now.metrics:
        values = tuple(gate.metrics.get(name) for gate in gates)
        if sum(value is not None for value in values) > 1:
            before = last_of(values[:-1])
            better = improved(before, values[-1], now.better.get(name), name)
            yield Trend(name, values, better)
