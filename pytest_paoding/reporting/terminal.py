"""The text of a gate's failure, and its lines in the summary.

Imported only when there is something to print.
"""

from __future__ import annotations

from collections import Counter
from textwrap import indent
from typing import TYPE_CHECKING

from tabulate import tabulate

from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.text.escapes import as_line, printable
from pytest_paoding.reporting import quality, wording
from pytest_paoding.reporting.file_lines import file_heads, file_lines, file_rows
from pytest_paoding.reporting.note_lines import note_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_paoding.records.results import GateResult


def failure_text(result: GateResult, *, verbose: bool) -> str:
    """Return the text of a failure: the headline, a table of all budgets, and the remedy.

    Args:
        result: Record of the gate.
        verbose: Whether to add the source of each setting and limit.
    """
    return "\n".join(map(as_line, _failure_lines(result, verbose=verbose)))


def _failure_lines(result: GateResult, *, verbose: bool) -> Iterator[str]:
    yield f"{result.name} {result.headline}"
    if result.layers:
        yield wording.pruned(result)
        yield from result.notes
    if result.checks:
        yield ""
        yield from budget_table(result, sources=verbose).split("\n")
        yield ""
    if rows := file_rows(result):
        yield from _table(rows, file_heads(result), numbers=range(2, 5)).split("\n")
        yield ""
    if verbose and result.settings:
        yield f"settings: {wording.sources(result)}"
    yield "not published: the previous file, if there is one, is as it was"
    if result.outcome is Outcome.OVER_BUDGET:
        yield wording.remedy(result)


def budget_table(result: GateResult, *, sources: bool = False) -> str:
    """Return every budget with before, after, found, limit and verdict, aligned."""
    heads, rows = list(wording.ROW), wording.rows(result)
    if sources:
        heads.append("from")
        rows = [[*row, check.limit.source] for row, check in zip(rows, result.checks, strict=True)]
    return _table(rows, heads, numbers=range(1, 6))


def layer_table(result: GateResult) -> str:
    """Return every layer with its units before and after, and its criterion or reason."""
    rows = [
        [layer.name, str(layer.units), str(layer.kept), layer.reason or layer.criterion or ""]
        for layer in result.layers
    ]
    return _table(rows, ["layer", "units", "kept", "how"], numbers=(1, 2))


def metric_table(result: GateResult) -> str:
    """Return everything that was measured."""
    rows = [wording.measured_row(name, measured) for name, measured in result.metrics.items()]
    return _table(rows, list(wording.MEASURED), numbers=range(1, 5))


def _table(rows: Sequence[Sequence[str]], heads: Sequence[str], *, numbers: Iterable[int]) -> str:
    """Return an aligned table of printable cells without the columns that are empty."""
    right = set(numbers)
    used = [column for column in range(len(heads)) if any(row[column] for row in rows)]
    align = ["right" if column in right else "left" for column in used]
    cells = [[printable(row[column]) for column in used] for row in rows]
    names = [heads[column] for column in used]
    text = tabulate(cells, names, tablefmt="plain", disable_numparse=True, colalign=align)
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def summary_lines(
    results: Sequence[GateResult], *, show: str, verbose: bool, quiet: bool
) -> list[str]:
    """Return the lines of the gates' part of the section at the end of a run.

    Args:
        results: Records of all gates.
        show: "failed", "all" or "none".
        verbose: Whether to show all gates, with layers and every metric.
        quiet: Whether to show nothing unless a gate failed or all are asked for.
    """
    if show == "none" or (quiet and show != "all" and not any(r.failed for r in results)):
        return []
    wanted = results if verbose or show == "all" else [r for r in results if _is_news(r)]
    width = max((len(result.name) for result in wanted), default=0)
    lines = [line for each in wanted for line in _gate_lines(each, width, verbose=verbose)]
    notes = note_lines(results, every=verbose)
    return [as_line(line) for line in (*lines, *notes, counts(results))]


def _gate_lines(result: GateResult, width: int, *, verbose: bool) -> Iterator[str]:
    grounds = ", ".join(filter(None, [result.grounds, wording.artifact(result)]))
    good = [] if result.failed else [*quality.told(result, change=True), wording.searched(result)]
    told = "  ".join(filter(None, [grounds, *good]))
    yield f"{result.name:{width}}  {wording.status(result):13}  {told}".rstrip()
    yield from file_lines(result)
    if verbose and result.layers:
        layers, metrics = indent(result.explain(), "  "), metric_table(result)
        yield from ("", *layers.split("\n"), "", *metrics.split("\n"), "")


def _is_news(result: GateResult) -> bool:
    warned = any(check.warns for check in result.checks)
    told = result.outcome in {Outcome.FORCED, Outcome.REJECTED}
    return result.failed or warned or result.published or told


def counts(results: Sequence[GateResult]) -> str:
    """Return the numbers of gates by outcome."""
    if not results:
        return "no gate ran"
    parts = [f"{len(results)} gate{'s' * (len(results) != 1)}"]
    words = [result.word for each in Outcome for result in results if result.outcome is each]
    parts += [f"{number} {word.lower()}" for word, number in Counter(words).items()]
    if reused := sum(result.reused for result in results):
        parts.append(f"{reused} of them cached")
    return ", ".join(parts)
