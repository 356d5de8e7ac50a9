"""What a test report carries from the process that ran a gate to the one that reports it.

pytest-xdist sends all attributes of a report, as long as they are of Python's own types. So this
plugin adds a single attribute, whose name and form no other module knows: JSON, because execnet
refuses some numbers and texts (below -2 ** 31, lone surrogates), and the bytes of files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import Staged, open_staging
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.formats import KERAS
from pytest_paoding.records.results import GateResult
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
    """

    gate: str | None = None
    results: tuple[GateResult, ...] = ()
    word: str | None = None
    passed: bool = False
    waiting: Mapping[str, Staged] = field(default_factory=dict)
    parcels: Mapping[str, Parcel] = field(default_factory=dict)

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
        """Return what a report carries; None where it carries nothing."""
        found: tuple[str, dict[str, Any]] | None = vars(report).get(_ATTRIBUTE)
        if found is None:
            return None
        text, parcels = found
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


@dataclass(slots=True)
class GateTest:
    """One test item with gates, as the reports of its attempts tell.

    Attributes:
        gate: Name of the gate it has begun.
        results: Records of the gates of its last attempt.
        waiting: Files that may be published at the end of the session, by gate name.
        passed: Whether its last attempt passed in all phases.
        rerun: Whether its present attempt is not the last.
    """

    gate: str | None = None
    results: tuple[GateResult, ...] = ()
    waiting: dict[str, Staged] = field(default_factory=dict)
    passed: bool = False
    rerun: bool = False

    def take(self, report: pytest.TestReport, carried: Carried | None) -> None:
        """Fold one more report of the item."""
        if report.when == "setup":
            self.passed = self.rerun = False
        self.rerun |= str(report.outcome) == "rerun"  # as pytest-rerunfailures calls it
        if carried is None:
            if self.gate is not None and report.when not in {"setup", "call", "teardown"}:
                self.results = (_crashed(self.gate, report),)
            return
        self.gate = carried.gate or self.gate
        if carried.results:
            self.results = carried.results
            self.passed |= carried.passed
            self.waiting |= carried.waiting


def _crashed(name: str, report: pytest.TestReport) -> GateResult:
    """Return the record of a gate whose worker died; its report has no phase, only a reason."""
    text = str(report.longrepr).strip().splitlines()
    reason = one_line(text[0] if text else "the worker crashed")
    return GateResult(name=name, outcome=Outcome.CRASHED, nodeid=report.nodeid, reason=reason)
