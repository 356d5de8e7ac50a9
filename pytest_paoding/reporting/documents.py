"""The run as JSON for machines and as Markdown for people."""

from __future__ import annotations

import platform
from collections import ChainMap
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from pytest_paoding import __version__
from pytest_paoding.reporting import wording
from pytest_paoding.results import SCHEMA
from pytest_paoding.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.results import GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is known of a run when it ends.

    Attributes:
        exit: The exit status of the process.
        complete: Whether it ran to its end, not interrupted.
        partial: Why it was not a full session, if so.
        results: Of all gates.
        required_missing: Required gates that did not run.
        workers: Number of xdist workers; 0 without.
        revision: The commit it belongs to.
    """

    exit: int
    complete: bool
    partial: str | None = None
    results: Sequence[GateResult] = ()
    required_missing: Sequence[str] = ()
    workers: int = 0
    revision: Revision = field(default_factory=Revision)


def document(run: Run) -> dict[str, Any]:
    """Return the run in the layout named by `schema`; plain types only."""
    return {
        "schema": SCHEMA,
        "plugin": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "environment": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            **ChainMap(*(dict(result.versions) for result in run.results)),
            **asdict(run.revision),
        },
        "session": {
            "exit": run.exit,
            "complete": run.complete,
            "partial": run.partial,
            "selected": len(run.results),
            "required_missing": list(run.required_missing),
            "workers": run.workers,
        },
        "gates": [result.to_dict() for result in run.results],
    }


def markdown(run: Run) -> str:
    """Return the run as GitHub-flavoured Markdown: an overview, and a table for each gate."""
    lines = ["## paoding", ""]
    lines += _table(
        ("gate", "outcome", "grounds", "file"),
        [
            (result.name, wording.WORDS[result.outcome], _grounds(result), wording.artifact(result))
            for result in run.results
        ],
    )
    lines += [f"Required gate {name} did not run." for name in run.required_missing]
    for result in run.results:
        lines += _section(result)
    return "\n".join(lines).rstrip() + "\n"


def _grounds(result: GateResult) -> str:
    return wording.headline(result).partition(": ")[2]


def _section(result: GateResult) -> list[str]:
    if not result.checks:
        return []
    rows = [(*wording.row(check), check.limit.source) for check in result.checks]
    return [
        f"### {_cell(result.name)}: {wording.WORDS[result.outcome]}",
        "",
        *_table((*wording.ROW, "from"), rows),
        *(f"{_cell(line)}  " for line in (wording.pruned(result), *result.notes)),
        _cell(wording.sources(result)),
        "",
    ]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines] + [""]


def _cell(text: str) -> str:
    """Return text that cannot end a cell, a line, or start markup of its own."""
    for sign in "\\|<*`[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
