"""Rows on what has changed since an earlier run, shared by the reports. Plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.metrics import unit_of
from pytest_paoding.records.text.printing import show, show_apart, title
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.records.runs.changes import Change, RunChanges

CHANGE_HEADS = ("gate", "metric", "base", "now", "change", "")
"""The heads of the cells of a row."""
_RELATIVE = frozenset({Unit.COUNT, Unit.BYTES})


def change_rows(changes: RunChanges) -> list[list[str]]:
    """Return gate, metric, both values, the change, and whether that is better or worse."""
    return [
        [gate, *change_cells(change)] for gate, found in changes.gates.items() for change in found
    ]


def change_lines(changes: RunChanges) -> Iterator[str]:
    """Yield what no row can say: gates that only one of the runs has."""
    if changes.new:
        yield f"new since then: {', '.join(changes.new)}"
    if changes.gone:
        yield f"not in this run: {', '.join(changes.gone)}"


def change_cells(change: Change) -> list[str]:
    """Return metric, both values, the change, and whether that is better or worse."""
    unit = unit_of(change.metric)
    if change.before is None or change.now is None:
        before, now, amount = show(change.before, unit), show(change.now, unit), "-"
    else:
        before, now = show_apart(change.before, change.now, unit)
        amount = _amount(change.before, change.now, unit)
    return [title(change.metric), before, now, amount, _word(change)]


def _amount(before: float, now: float, unit: Unit) -> str:
    moved = now - before
    sign = "+" if moved > 0 else "-" if moved < 0 else ""
    if unit in _RELATIVE and before:
        return f"{sign}{abs(moved / before):.1%}"
    return f"{sign}{show(abs(moved), unit)}"


def _word(change: Change) -> str:
    if change.better is None:
        return "same" if change.before == change.now and change.now is not None else ""
    return "better" if change.better else "WORSE"
