"""The Markdown document of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.file_lines import file_heads, file_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.run_record import RunRecord


def markdown(record: RunRecord) -> str:
    """Return the run as GitHub-flavoured Markdown: an overview, and a table for each gate."""
    lines = ["## paoding", ""]
    lines += _table(
        wording.OVERVIEW,
        [(result.name, result.word, *wording.overview(result)) for result in record.results],
    )
    lines += [f"Required gate {_cell(name)} did not run." for name in record.required_missing]
    lines += [f"Baseline entry {_cell(name)} is stale." for name in record.stale]
    for result in record.results:
        lines += _section(result)
    return "\n".join(lines).rstrip() + "\n"


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
        *(f"{_cell(line)}  " for line in (wording.pruned(result), *result.notes)),
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
