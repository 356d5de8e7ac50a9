"""Documents of this package, read again: whatever is wrong with one is one line with its name."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.documents.document_kinds import (
    ACCEPTED,
    MANIFEST,
    PAST,
    RUN,
    other_kind,
)
from pytest_paoding.config.documents.schema_types import conforming
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.baseline import SCHEMA as BASELINE
from pytest_paoding.records.baseline import UPDATE, Baseline
from pytest_paoding.records.results import SCHEMA as REPORT
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.history import SCHEMA as HISTORY
from pytest_paoding.records.runs.history import PastRun
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.escapes import printable
from pytest_paoding.records.text.strict_json import read_json
from pytest_paoding.records.text.targets import read_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RESTORE = f"; restore it, or delete it and run {UPDATE}"


def parsed(path: Path) -> Any:
    """Return the JSON document in a file.

    Raises:
        ConfigError: It cannot be read or is no JSON; one line.
    """
    try:
        return read_json(path)
    except FileNotFoundError as error:
        raise ConfigError(f"{printable(str(path))}: cannot be read: {error.strerror}") from error


def read_run(path: Path) -> RunRecord:
    """Read a run's JSON document.

    Raises:
        ConfigError: It is none, or one of another schema; one line.
    """
    return run_of(parsed(path), path)


def run_of(document: Any, path: Path) -> RunRecord:
    """Return the run that a parsed document describes.

    Raises:
        ConfigError: It describes none, or in another schema; one line that names the file.
    """
    _require_report(document, path, what=RUN, key="session")
    with _one_line(path):
        found = RunRecord.from_dict(conforming(document, "report"))
        return replace(found, results=tuple(map(_possible, found.results)))


def manifest_result(document: Any, path: Path) -> GateResult:
    """Return the record of the gate in a parsed manifest.

    Raises:
        ConfigError: It is none, or one of another schema; one line that names the file.
    """
    _require_report(document, path, what=MANIFEST, key="gate")
    gate = document["gate"]
    with _one_line(path):  # it cannot tell what becomes of its file
        whole = {**gate, "artifact": None} if isinstance(gate, dict) else gate
        return _possible(GateResult.from_dict(conforming(whole, "report", part="gate")))


def _possible(result: GateResult) -> GateResult:
    """Return a record whose settings, which may be anything, are what reports make use of.

    Raises:
        ValueError: The target is none.
    """
    if result.target:
        read_target(result.target)
    return result


def _require_report(document: Any, path: Path, *, what: str, key: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == REPORT and key in document:
        return
    why = f"it has no {key!r}" if schema == REPORT else f"its schema is {schema!r}, not {REPORT!r}"
    reason = other_kind(document, what) or f"is no {what.removeprefix('a ')}: {why}"
    raise ConfigError(f"{printable(str(path))}: {reason}")


def read_baseline(path: Path, *, label: str) -> Baseline:
    """Read a baseline, which has no entries where there is no file yet.

    Args:
        path: The file.
        label: Its name in messages.

    Raises:
        ConfigError: It exists, but is no baseline that this version can read; one line.
    """
    try:
        document = read_json(path, label=label, remedy=_RESTORE, instead=f", or {UPDATE}=all")
    except FileNotFoundError:
        return Baseline(path, label)
    return baseline_of(document, path, label=label)


def baseline_of(document: Any, path: Path, *, label: str) -> Baseline:
    """Return the baseline that a parsed document holds.

    Raises:
        ConfigError: It holds none that this version can read.
    """
    _require_baseline(document, label)
    with _one_line(label, remedy=f"; write it anew with {UPDATE}=all"):
        return Baseline.from_document(conforming(document, "baseline"), path, label=label)


def _require_baseline(document: Any, label: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == BASELINE:
        return
    name, _, version = BASELINE.partition("/")
    if isinstance(schema, str) and schema.partition("/")[0] == name:
        raise ConfigError(f"{label}: is of another schema than {version}: update pytest-paoding")
    why = f"is not a baseline: its schema is {schema!r}, not {BASELINE!r}"
    raise ConfigError(f"{label}: {other_kind(document, ACCEPTED) or why}")


def past_run_of(document: Any, *, label: str) -> PastRun:
    """Return the run that a parsed document of a history describes.

    Raises:
        ConfigError: It describes none, or in another schema; one line.
    """
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != HISTORY:
        why = f"is no run of a history: its schema is {schema!r}"
        raise ConfigError(f"{label}: {other_kind(document, PAST) or why}")
    with _one_line(label):
        return PastRun.from_dict(conforming(document, "history"))


@contextmanager
def _one_line(label: Path | str, *, remedy: str = "") -> Iterator[None]:
    try:
        yield
    except (ArithmeticError, LookupError, ValueError) as error:  # or cannot be, of right types
        name = printable(str(label))
        raise ConfigError(f"{name}: is not as its schema says: {error}{remedy}") from error
