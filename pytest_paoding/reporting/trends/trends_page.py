"""Trends of a gate, on the page: a line for each metric, and the last runs one by one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_paoding.records.runs.changes import is_headline
from pytest_paoding.records.text.printing import title
from pytest_paoding.reporting.origin import commit_of, time_of
from pytest_paoding.reporting.trends.sparkline import sparkline, strip
from pytest_paoding.reporting.trends.trend_rows import (
    TREND_HEADS,
    in_words,
    main_trends,
    shown,
    trend_cells,
)
from pytest_paoding.reporting.web.hypertext import details, escape, table
from pytest_paoding.reporting.web.outcome_colours import coloured, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.history import GateTrend, PastGate, PastRun, Trend

_RUNS = 10
"""Most runs that are told one by one."""


def trend_parts(result: GateResult, found: GateTrend) -> str:
    """Return the tables of a gate's trends; headlines and what is limited stand open."""
    main = main_trends(result, found)
    others = [trend for trend in found.trends if trend not in main]
    over = f"Trends over {len(found.runs)} runs"
    more = table("Trends of other metrics", TREND_HEADS, _rows(others)) if others else ""
    return "".join(
        (
            table(over, TREND_HEADS, [_outcomes(found), *_rows(main)]),
            details("Trends of other metrics", more) if more else "",
            details(
                "Last runs", _last_runs([each for each in main if is_headline(each.metric)], found)
            ),
        )
    )


def _rows(trends: Iterable[Trend]) -> list[list[str]]:
    rows = []
    for trend in trends:
        name, _, *cells, word = trend_cells(trend, "")
        drawn = sparkline(trend.values, in_words(trend))
        rows.append([escape(name), drawn, *map(escape, cells), coloured(word)])
    return rows


def _outcomes(found: GateTrend) -> list[str]:
    words = [gate.outcome.word for gate in found.gates]
    told = ", ".join(f"{number} {word}" for word, number in Counter(words).most_common())
    drawn = strip([kind_of(gate.outcome) for gate in found.gates], f"outcomes: {told}")
    return ["outcome", drawn, words[-2], words[-1], "", ""]


def _last_runs(main: list[Trend], found: GateTrend) -> str:
    heads = ("time", "commit", "branch", "outcome", "ratio", *(title(each.metric) for each in main))
    pairs = list(zip(found.runs, found.gates, strict=True))[: -_RUNS - 1 : -1]
    return table("Last runs", heads, [_run(run, gate, main) for run, gate in pairs])


def _run(run: PastRun, gate: PastGate, main: list[Trend]) -> list[str]:
    origin = (time_of(run.created), commit_of(run.commit, dirty=run.dirty), run.branch)
    return [
        *(escape(text or "-") for text in origin),
        f'<span class="{kind_of(gate.outcome)}">{gate.outcome.word}</span>',
        "-" if gate.ratio is None else f"{gate.ratio:g}",
        *(escape(shown(each.metric, gate.metrics.get(each.metric))) for each in main),
    ]
