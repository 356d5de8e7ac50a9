"""What has changed since an earlier run, of every gate, whether it is limited or not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.baseline import Entry
from pytest_paoding.records.formats import parted
from pytest_paoding.records.metrics import Direction, metric_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_paoding.records.results import GateResult

HEADLINES = (
    "accuracy",
    "score",
    "error",
    "robust_accuracy",
    "robust_score",
    "robust_error",
    "size",
    "parameters",
    "flops",
)
"""What is told of every gate; of other metrics only what has changed is."""
_OTHERS = ("agreement", "divergence", "synthetic_agreement", "output_divergence")


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run is compared with.

    Attributes:
        label: Its name in reports.
        entries: Its findings by name of the gate.
    """

    label: str
    entries: Mapping[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one gate, then and now.

    Attributes:
        metric: Its name.
        before: Its value in the earlier run; None where it had none.
        now: Its value now; None where it has none.
        better: Whether it has become better; None where it is the same, or nobody can tell.
    """

    metric: str
    before: float | None
    now: float | None
    better: bool | None = None


@dataclass(frozen=True, slots=True)
class RunChanges:
    """The changes of all gates of a run.

    Attributes:
        since: Name of the earlier run.
        gates: Changes by name of the gate, of those that both runs have.
        new: Gates that the earlier run did not have.
        gone: Gates that only the earlier run had.
    """

    since: str
    gates: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            "since": self.since,
            "gates": {name: [asdict(each) for each in found] for name, found in self.gates.items()},
            "new": list(self.new),
            "gone": list(self.gone),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> RunChanges:
        """Return the changes whose plain form is `plain`."""
        gates = {name: tuple(map(_change, found)) for name, found in plain["gates"].items()}
        return cls(plain["since"], gates, tuple(plain["new"]), tuple(plain["gone"]))


def _change(plain: Mapping[str, Any]) -> Change:
    change = Change(**plain)
    for value in (change.before, change.now):
        if isinstance(value, bool) or not isinstance(value, (int, float, type(None))):
            raise TypeError(f"{change.metric} is no number")
    return change


def changes(earlier: Earlier, results: Iterable[GateResult]) -> RunChanges:
    """Return what has changed since an earlier run."""
    now = {result.name: Entry.from_result(result) for result in results}
    old = earlier.entries
    return RunChanges(
        earlier.label,
        {name: tuple(_of_gate(old[name], entry)) for name, entry in now.items() if name in old},
        tuple(name for name in now if name not in old),
        tuple(name for name in old if name not in now),
    )


def _of_gate(old: Entry, new: Entry) -> Iterator[Change]:
    better = {**old.better, **new.better}
    for name in told({**old.metrics, **new.metrics}):
        before, now = old.metrics.get(name), new.metrics.get(name)
        if before != now or is_headline(name):
            yield Change(name, before, now, improved(before, now, better.get(name), name))


def told(names: Iterable[str]) -> list[str]:
    """Return the names of metrics that are compared, in the order of reports."""
    order = {name: place for place, name in enumerate((*HEADLINES, *_OTHERS))}

    def place(name: str) -> tuple[bool, int]:
        return parted(name)[1] is not None, order.get(name.partition("@")[0], len(order))

    wanted = [each for each in names if each.partition("@")[0] in order or _is_own(each)]
    return sorted(wanted, key=place)


def is_headline(name: str) -> bool:
    """Whether a metric is told of every gate: those of the `.keras` file."""
    whole, file_format = parted(name)
    return whole.partition("@")[0] in HEADLINES and file_format is None


def _is_own(name: str) -> bool:
    return metric_of(name) is None


def improved(before: float | None, now: float | None, better: str | None, name: str) -> bool | None:
    """Return whether a metric has become better; None where it is the same, or nobody can tell.

    Args:
        before: Its value before.
        now: Its value now.
        better: Which values are better, "lower" or "higher", of a metric not of this package.
        name: Its name.
    """
    if before is None or now is None or before == now:
        return None
    metric = metric_of(name)
    if metric is not None:
        better = metric.direction.value
    return None if better is None else (now > before) == (better == Direction.HIGHER.value)
