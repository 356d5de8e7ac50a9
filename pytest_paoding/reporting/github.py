"""GitHub Actions: annotations at the lines of missed limits, and the job's summary."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_paoding.config.configfile import TABLE
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_paoding.config.configfile import ConfigFile
    from pytest_paoding.records.budgets import Check
    from pytest_paoding.records.results import GateResult

MOST = 10
"""Number of annotations of a kind that GitHub shows for one step."""
LARGEST = 1_000_000
"""Bytes of the summary; GitHub drops one of more than 1 MiB whole."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One line for GitHub: where, how serious, and what."""

    level: str
    title: str
    text: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = {"file": self.file, "line": self.line, "title": self.title}
        told = ",".join(f"{key}={_property(str(v))}" for key, v in place.items() if v is not None)
        return f"::{self.level} {told}::{_escaped(self.text)}"


def annotate(
    results: Iterable[GateResult], *, file: ConfigFile, root: Path, workspace: Path
) -> list[str]:
    """Return the lines GitHub turns into annotations: errors first, at most ten and a count.

    Args:
        results: Records of all gates.
        file: The settings, for the lines of limits.
        root: pytest's root folder, which node ids start from.
        workspace: The checkout, which GitHub's paths start from.
    """
    found = [each for result in results for each in _of_gate(result, file, root, workspace)]
    found.sort(key=lambda each: each.level != "error")
    lines = [str(each) for each in found[:MOST]]
    if len(found) > MOST:
        rest = f"{len(found) - MOST} more missed budgets are in the job summary and the report"
        lines.append(str(Annotation("notice", "paoding", rest)))
    return lines


def _of_gate(
    result: GateResult, file: ConfigFile, root: Path, workspace: Path
) -> Iterator[Annotation]:
    title = f"{result.name}: {result.word}"
    missed = [check for check in result.checks if check.fails or check.warns]
    if result.outcome in {Outcome.UNJUDGED, Outcome.CRASHED}:
        place = _place_of_gate(result, file, root)
        yield Annotation("error", title, result.reason or "", *_relative(place, workspace))
    elif result.outcome is not Outcome.REJECTED:
        for check in missed:
            level = "error" if check.fails and result.failed else "warning"
            place = _place_of_limit(check, file) or _place_of_gate(result, file, root)
            yield Annotation(level, title, check.relation, *_relative(place, workspace))


def _place_of_gate(result: GateResult, file: ConfigFile, root: Path) -> tuple[Path, int | None]:
    """Return the place of a gate: its table, or the file of its test."""
    path, _, rest = result.nodeid.partition("::")
    if file.path is not None and rest.startswith("paoding::"):
        line = file.line([*TABLE, "models", result.sweep or result.name])
        return file.path, None if line is None else line + 1
    return root / path, None


def _place_of_limit(check: Check, file: ConfigFile) -> tuple[Path, int] | None:
    """Return the line of a limit that the settings file gives."""
    table = re.search(r"\[(.*)\]$", check.limit.source)
    if file.path is None or table is None:
        return None
    keys = table[1].split(".")
    line = file.key_line([[*keys, "budget"], [*keys, "regression"], keys], check.limit.metric.key)
    return None if line is None else (file.path, line + 1)


def _relative(place: tuple[Path, int | None], workspace: Path) -> tuple[str, int | None]:
    path, line = place
    inside = path.is_relative_to(workspace)
    return (path.relative_to(workspace) if inside else path).as_posix(), line


def _escaped(text: str) -> str:
    text = printable(text, keep="\r\n")
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def append_summary(path: Path, text: str) -> None:
    """Append Markdown to the job's summary, cut where GitHub would drop all of it.

    Raises:
        OSError: The file cannot be written.
    """
    with path.open("ab") as file:
        room = LARGEST - file.tell()
        content = text.encode()
        if len(content) > room:
            note = "\n\nThe rest is cut: job summaries hold 1 MiB.\n"
            content = content[: max(0, room - len(note))].decode(errors="ignore").encode()
            content = content.rpartition(b"\n")[0] + note.encode()
        file.write(content)


def is_wanted(choice: str, environment: Mapping[str, str], plugins: Sequence[str]) -> bool:
    """Whether annotations and summary are written.

    Args:
        choice: on, off, or auto: on GitHub, but not by a run inside of a test, which has no job.
        environment: Environment variables.
        plugins: Names of plugins; one that annotates failures itself is enough.
    """
    if choice != "auto":
        return choice == "on"
    nested = "PYTEST_CURRENT_TEST" in environment
    annotating = any("annotate_failures" in name.replace("-", "_") for name in plugins)
    return environment.get("GITHUB_ACTIONS") == "true" and not nested and not annotating


def workspace() -> Path:
    """Return the checkout of the job."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
