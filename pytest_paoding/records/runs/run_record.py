"""The record of a whole run: its gates, the demands on all of them, and the JSON document."""

from __future__ import annotations

import platform
from collections import ChainMap
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.budgets import PUBLISHED, Outcome
from pytest_paoding.records.results import SCHEMA, GateResult
from pytest_paoding.records.runs.changes import RunChanges
from pytest_paoding.records.text.printing import Shown, screenful
from pytest_paoding.records.text.ratios import without_ratio
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_paoding.records.runs.revision import Revision

_JUDGED = PUBLISHED | {Outcome.OVER_BUDGET, Outcome.REJECTED}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunRecord(Shown):
    """A run at its end.

    Attributes:
        exit: The exit status of the process.
        complete: Whether it ran to its end, not interrupted.
        partial: Why it was not a full session, if so.
        results: Records of all gates.
        required: Gates that must run in a full session.
        failed: Number of tests that failed, gates or not.
        baseline: Names of the baseline's entries; None where nothing is compared.
        faults: What went wrong besides the gates, one line each.
        workers: Number of xdist workers; 0 without.
        root: Folder that paths of models and artifacts start from, relative to where pytest ran.
        environment: Versions, machine, commit, branch and command line.
        created: When it ended, as ISO 8601 writes it.
        changes: What has changed since an earlier run; None where there is none at hand.
    """

    exit: int
    complete: bool
    partial: str | None = None
    results: Sequence[GateResult] = ()
    required: Sequence[str] = ()
    failed: int = 0
    baseline: Sequence[str] | None = None
    faults: Sequence[str] = ()
    workers: int = 0
    root: str = "."
    environment: Mapping[str, Any] = field(default_factory=dict)
    created: str = field(default_factory=_now)
    changes: RunChanges | None = None

    def __str__(self) -> str:
        gates = [f"  {result.name} {result.headline}" for result in self.results]
        number = f"{len(gates)} gate{'s' * (len(gates) != 1)}"
        return screenful([f"exit status {self.exit}, {number}", *gates])

    @property
    def required_missing(self) -> list[str]:
        """Required gates that did not run."""
        return required_missing(self.required, self.results)

    @property
    def stale(self) -> list[str]:
        """Entries of the baseline that no gate has; only a full session can tell."""
        if self.partial is not None or not self.complete:
            return []
        names = {result.name for result in self.results}
        return [name for name in self.baseline or () if name not in names]

    def to_dict(self) -> dict[str, Any]:
        """Return the run in the layout named by `schema`; plain types only."""
        session = {name: getattr(self, name) for name in _SESSION}
        return {
            "schema": SCHEMA,
            "plugin": __version__,
            "created": self.created,
            "environment": dict(self.environment),
            "session": {
                **{key: _listed(value) for key, value in session.items()},
                "selected": len(self.results),
                "required_missing": self.required_missing,
                "stale": self.stale,
            },
            "gates": [result.to_dict() for result in self.results],
            "changes": None if self.changes is None else self.changes.to_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> RunRecord:
        """Return the run whose plain form is `plain`."""
        changes = plain.get("changes")  # not of old
        return cls(
            **{name: plain["session"][name] for name in _SESSION},
            results=[GateResult.from_dict(gate) for gate in plain["gates"]],
            environment=plain["environment"],
            created=plain["created"],
            changes=None if changes is None else RunChanges.from_dict(changes),
        )


_WHOLE = {"results", "environment", "created", "changes"}
_SESSION = tuple(each.name for each in fields(RunRecord) if each.name not in _WHOLE)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def surroundings(results: Iterable[GateResult], revision: Revision, command: str) -> dict[str, Any]:
    """Return the environment of a run in this process."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        **ChainMap(*(dict(result.versions) for result in results)),
        **asdict(revision),
        "command": command,
    }


def required_missing(required: Iterable[str], results: Iterable[GateResult]) -> list[str]:
    """Return the required gates that did not run."""
    judged = [result for result in results if result.outcome is not Outcome.SKIPPED]
    ran = {name for result in judged for name in (result.name, result.sweep)}
    return [name for name in required if name not in ran]


def clashes(results: Iterable[GateResult]) -> Iterator[str]:
    """Yield a line for every name that gates of different tests were judged under."""
    users: dict[str, set[str]] = {}
    for result in results:
        if result.outcome in _JUDGED:
            name = result.sweep or result.name
            ratio = result.ratio if result.sweep else None
            users.setdefault(name.casefold(), set()).add(without_ratio(result.nodeid, ratio))
    for name, nodeids in users.items():
        if len(nodeids) > 1:
            tests = ", ".join(sorted(nodeids))
            yield f"gate {name} was judged by several tests, give each a name of its own: {tests}"
