"""The Markdown document of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.change_rows import CHANGE_HEADS, change_lines, change_rows
from pytest_paoding.reporting.file_lines import file_heads, file_rows
from pytest_paoding.reporting.note_lines import note_lines
from pytest_paoding.reporting.origin import origin
from pytest_paoding.reporting.trends.sparkline import blocks
from pytest_paoding.reporting.trends.trend_rows import TREND_HEADS, main_trends, trend_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.changes import RunChanges
    from pytest_paoding.records.runs.history import Trends
    from pytest_paoding.records.runs.run_record import RunRecord


def markdown(record: RunRecord, trends: Trends | None = None) -> str:
    """Return the run as GitHub-flavoured Markdown: an overview, and a table for each gate.

    Args:
        record: The run.
        trends: What has become of its gates over the last runs; None where nobody knows.
    """
    told = (f"{name} {text}" for name, text in origin(record).items())
    lines = ["## paoding", "", _cell(", ".join(told)), ""]
    lines += _table(
        wording.OVERVIEW,
        [(result.name, result.word, *wording.overview(result)) for result in record.results],
    )
    lines += _demands(record)
    if record.changes is not None:
        lines += _changes(record.changes)
    lines += _trends(record, trends or {})
    for result in record.results:
        lines += _section(result)
    if notes := note_lines(record.results):
        lines += ["### Notes", "", *(f"{_cell(line)}  " for line in notes)]
    return "\n".join(lines).rstrip() + "\n"


def _demands(record: RunRecord) -> list[str]:
    """Return what the run lacked, each on a line of its own."""
    found = [f"Required gate {_cell(name)} did not run.  " for name in record.required_missing]
    found += [f"Baseline entry {_cell(name)} is stale.  " for name in record.stale]
    return [*found, ""] if found else []


def _changes(changes: RunChanges) -> list[str]:
    return [
        f"### Changes since {_cell(changes.since)}",
        "",
        *(_table(CHANGE_HEADS, rows) if (rows := change_rows(changes)) else ()),
        *(f"{_cell(line)}  " for line in change_lines(changes)),
        "",
    ]


def _trends(record: RunRecord, trends: Trends) -> list[str]:
    rows = [
        (result.name, *trend_cells(trend, blocks(trend.values)))
        for result in record.results
        if result.name in trends
        for trend in main_trends(result, trends[result.name])
    ]
    return ["### Trends", "", *_table(("gate", *TREND_HEADS), rows)] if rows else []


def _section(result: GateResult) -> list[str]:
    if not result.checks:
        return []
    rows = [
        (*row, check.limit.source)
        for row, check in zip(wording.rows(result), result.checks, strict=True)
    ]
    return [
        f"### {_cell(result.name)}: {result.word}",
        "",
        *_table((*wording.ROW, "from"), rows),
        *(_table(file_heads(result), files) if (files := file_rows(result)) else ()),
        f"{_cell(wording.pruned(result))}  ",
        _cell(wording.sources(result)),
        "",
    ]


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines] + [""]


def _cell(text: str) -> str:
    """Return text that can neither end a cell or a line nor start markup."""
    text = as_line(" ".join(text.split()))
    for sign in "\\|<&*`[]":
        text = text.replace(sign, f"\\{sign}")
    return text
