"""What a test report carries from the process that ran a gate to the one that reports it.

pytest-xdist sends all attributes of a report, as long as they are of Python's own types. So this
plugin adds a single attribute, whose name and form no other module knows: JSON, because execnet
refuses some numbers and texts (below -2 ** 31, lone surrogates), and the bytes of files.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.model_names import name_for
from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import Staged, open_staging
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.formats import KERAS
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.records.text.jsonable import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

_ATTRIBUTE = "paoding"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A staged model with its manifest, as bytes: what travels where no disk is shared.

    Attributes:
        name: Name of the `.keras` file.
        files: Content of every file by format.
        manifest: Content of the manifest.
    """

    name: str
    files: Mapping[str, bytes]
    manifest: bytes

    @classmethod
    def of(cls, staged: Staged) -> Parcel:
        """Pack staged files."""
        files = {name: path.read_bytes() for name, path in staged.files.items()}
        return cls(staged.target.name, files, staged.manifest.read_bytes())

    def unpack(self, result: GateResult, artifacts: Path, *, owner: int) -> Staged:
        """Stage the files in the folder that they are published in here.

        Args:
            result: Record of the gate, which knows what was sent.
            artifacts: That folder.
            owner: Process whose death makes staged files stale.

        Raises:
            ArtifactError: A file cannot be written, or is not what was sent.
        """
        folder = open_staging(artifacts, owner=owner)
        exported = tuple(name for name in self.files if name != KERAS)
        staged = Staged(folder, artifacts / self.name, exported)
        try:
            for name, path in staged.files.items():
                path.write_bytes(self.files[name])
            staged.manifest.write_bytes(self.manifest)
        except OSError as error:
            raise ArtifactError(f"cannot stage in {folder}: {error.strerror or error}") from error
        sent = () if result.artifact is None else result.artifact.files
        if {(file.format, file.sha256) for file in sent} != {
            (name, sha256_of(path)) for name, path in staged.files.items()
        }:
            raise ArtifactError(f"{self.name} was damaged on its way from worker {result.worker}")
        return staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one report carries.

    Attributes:
        gate: Name of the gate that begins, told at the setup: its process may die in it.
        results: Records of the item's gates so far.
        word: Status word of a phase that a gate decided.
        passed: Whether every phase of the attempt passed, told at the teardown.
        waiting: Files on a shared disk that wait for the end of the session, by gate name.
        parcels: Files that travel with the report, by gate name.
        unread: Why the records are those of a defect: nobody can read what the report carries.
    """

    gate: str | None = None
    results: tuple[GateResult, ...] = ()
    word: str | None = None
    passed: bool = False
    waiting: Mapping[str, Staged] = field(default_factory=dict)
    parcels: Mapping[str, Parcel] = field(default_factory=dict)
    unread: str | None = None

    def onto(self, report: pytest.TestReport) -> None:
        """Let a report carry this, in place of what it carries now."""
        text = json.dumps(
            {
                "gate": self.gate,
                "results": [result.to_dict() for result in self.results],
                "word": self.word,
                "passed": self.passed,
                "waiting": {
                    name: (str(staged.folder), str(staged.target), staged.exported)
                    for name, staged in self.waiting.items()
                },
            }
        )
        parcels = {
            name: (parcel.name, dict(parcel.files), parcel.manifest)
            for name, parcel in self.parcels.items()
        }
        vars(report)[_ATTRIBUTE] = text, parcels

    @classmethod
    def from_report(cls, report: pytest.TestReport) -> Carried | None:
        """Return what a report carries; None where it carries nothing.

        What cannot be read, as of a worker with another version of this package, is a defect of
        those gates: pytest would end the session, and with it the tests of everybody.
        """
        found: Any = vars(report).get(_ATTRIBUTE)
        if found is None:
            return None
        try:
            return cls._read(*found)
        except Exception as error:  # noqa: BLE001 - there is no end to what it may be
            reason = unreadable(error)
            gates = _gates_in(found) or [name_for(report.nodeid.rpartition("::")[2])]
            crashed = tuple(_crashed(name, report, reason) for name in gates)
            return cls(results=crashed, word=Outcome.CRASHED.word, unread=reason)

    @classmethod
    def _read(cls, text: str, parcels: Mapping[str, Any]) -> Carried:
        plain = json.loads(text)
        return cls(
            gate=plain["gate"],
            results=tuple(map(GateResult.from_dict, plain["results"])),
            word=plain["word"],
            passed=plain["passed"],
            waiting={
                name: Staged(Path(folder), Path(target), tuple(exported))
                for name, (folder, target, exported) in plain["waiting"].items()
            },
            parcels={name: Parcel(*parts) for name, parts in parcels.items()},
        )

    def fail(self, report: pytest.TestReport) -> tuple[str, ...]:
        """Fail a test of whose gates nothing can be read; return why, in one line each."""
        if self.unread is None:
            return ()
        lines = tuple(as_line(f"{each.name} {each.headline}") for each in self.results)
        if not report.failed:
            report.outcome, report.longrepr = "failed", "\n".join(lines)
        return lines


def unreadable(error: Exception) -> str:
    """Return why the record of a gate cannot be read, in one line."""
    return one_line(f"its record cannot be read: {type(error).__name__}: {error}")


def require_readable(result: GateResult) -> None:
    """Read a record as it will be read once it has travelled.

    Raises:
        Exception: Whatever is wrong with it.
    """
    GateResult.from_dict(json.loads(json.dumps(result.to_dict())))


def _gates_in(found: Any) -> list[str]:
    """Return the names of gates, as far as they can be read."""
    with suppress(Exception):
        plain = json.loads(found[0])
        named = [plain["gate"], *(each["name"] for each in plain["results"])]
        return list(dict.fromkeys(name for name in named if isinstance(name, str)))
    return []


@dataclass(slots=True)
class GateTest:
    """One test item with gates, as the reports of its attempts tell.

    Attributes:
        gate: Name of the gate it has begun.
        results: Records of the gates of its last attempt.
        waiting: Files that may be published at the end of the session, by gate name.
        passed: Whether its last attempt passed in all phases.
        rerun: Whether its present attempt is not the last.
        unread: Whether a report of its present attempt could not be read.
    """

    gate: str | None = None
    results: tuple[GateResult, ...] = ()
    waiting: dict[str, Staged] = field(default_factory=dict)
    passed: bool = False
    rerun: bool = False
    unread: bool = False

    def take(self, report: pytest.TestReport, carried: Carried | None) -> None:
        """Fold one more report of the item."""
        if report.when == "setup":
            self.passed = self.rerun = self.unread = False
        self.rerun |= str(report.outcome) == "rerun"  # as pytest-rerunfailures calls it
        if carried is None:
            if self.gate is not None and report.when not in {"setup", "call", "teardown"}:
                text = str(report.longrepr).strip().splitlines()
                reason = one_line(text[0] if text else "the worker crashed")
                self.results = (_crashed(self.gate, report, reason),)
            return
        self.gate = carried.gate or self.gate
        if carried.unread:
            self.results, self.unread, self.passed = carried.results, True, False
        elif carried.results and not self.unread:
            self.results = carried.results
            self.passed |= carried.passed
            self.waiting |= carried.waiting


def _crashed(name: str, report: pytest.TestReport, reason: str) -> GateResult:
    """Return the record of a gate of which there is none, as that of a worker that died."""
    return GateResult(name=name, outcome=Outcome.CRASHED, nodeid=report.nodeid, reason=reason)
