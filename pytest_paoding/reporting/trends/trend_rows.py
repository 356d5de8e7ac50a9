"""Cells on trends over the last runs, shared by the reports. Plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.metrics import unit_of
from pytest_paoding.records.runs.changes import HEADLINES, is_headline
from pytest_paoding.records.text.printing import show, title
from pytest_paoding.reporting.change_rows import change_cells

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult
    from pytest_paoding.records.runs.history import GateTrend, Trend

TREND_HEADS = ("metric", "trend", "before", "now", "change", "")
"""The heads of the cells of a row."""


def main_trends(result: GateResult, found: GateTrend) -> list[Trend]:
    """Return the trends of headlines, then those of what else is limited."""
    order = {name: place for place, name in enumerate(HEADLINES)}
    limited = {check.name for check in result.checks}
    chosen = [each for each in found.trends if is_headline(each.metric) or each.metric in limited]

    def place(trend: Trend) -> tuple[bool, int]:
        return not is_headline(trend.metric), order.get(trend.metric.partition("@")[0], len(order))

    return sorted(chosen, key=place)


def trend_cells(trend: Trend, drawn: str) -> list[str]:
    """Return the cells of a row.

    Args:
        trend: A metric of a gate.
        drawn: Its values, as the report draws them.
    """
    name, *rest = change_cells(trend.change)
    return [name, drawn, *rest]


def in_words(trend: Trend) -> str:
    """Return what a drawing of a trend shows.

    >>> from pytest_paoding.records.runs.history import Trend
    >>> in_words(Trend("accuracy", (0.9, None, 0.95, 0.93)))
    'accuracy over 4 runs: 0.9000 to 0.9500, now 0.9300'
    """
    known, now = trend.known, shown(trend.metric, trend.values[-1])
    least, greatest = (shown(trend.metric, value) for value in (min(known), max(known)))
    number = len(trend.values)
    return f"{title(trend.metric)} over {number} runs: {least} to {greatest}, now {now}"


def shown(name: str, value: float | None) -> str:
    """Return a value in the unit of its metric; "-" where there is none."""
    return show(value, unit_of(name))
