"""What averages hide, on the page: classes, slices, confusion, and samples that flipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit
from pytest_paoding.reporting.web.charts import heat_map
from pytest_paoding.reporting.web.hypertext import details, escape, table

if TYPE_CHECKING:
    from pytest_paoding.records.evidence.breakdown import (
        Breakdown,
        Confusion,
        Flip,
        GroupTable,
    )
    from pytest_paoding.records.results import GateResult

_ROWS, _FLIPS = 30, 12
"""Most groups and samples that are shown."""
_HEADS = ("samples", "before", "after", "decay")


def breakdown_parts(result: GateResult) -> str:
    """Return what a reader may open on classes, slices and flipped samples; empty without."""
    found = result.breakdown
    if found is None:
        return ""
    classes = _groups("Classes", "class", found.classes) + _confusions(found)
    parts = (
        ("Classes", classes),
        ("Slices", _groups("Slices", "slice", found.slices)),
        ("Flipped samples", _flips(found)),
    )
    return "".join(details(name, content) for name, content in parts if content)


def _groups(caption: str, head: str, groups: GroupTable) -> str:
    """Return the worst groups as a table, and in words what it leaves out."""
    if not groups.rows:
        return ""
    rows = [
        (
            escape(row.name),
            str(row.samples),
            *(show(value, Unit.PLAIN) for value in (row.before, row.after, row.decay)),
        )
        for row in groups.rows[:_ROWS]
    ]
    told = [
        *([f"The {_ROWS} worst of {groups.total}."] if len(rows) < groups.total else []),
        *([f"{groups.empty} of {groups.total} have no samples."] if groups.empty else []),
    ]
    words = f"<p>{' '.join(told)}</p>" if told else ""
    return words + table(caption, (head, *_HEADS), rows)


def _confusions(found: Breakdown) -> str:
    """Return the confusion of each output, and why there is none of others."""
    drawn = "".join(map(_confusion, found.confusions))
    if sum(len(each.before) for each in found.confusions) == found.classes.total:
        return drawn
    return f"{drawn}<p>Confusion is drawn where samples have one of at most 30 classes.</p>"


def _confusion(confusion: Confusion) -> str:
    sides = (("original", confusion.before), ("pruned model", confusion.after))
    drawn = "".join(heat_map(f"{confusion.output}, {name}", counts) for name, counts in sides)
    return f'<div class="curves">{drawn}</div>'


def _flips(found: Breakdown) -> str:
    if found.flipped is None:
        return ""
    count = f"{found.flipped} answer{'s' * (found.flipped != 1)} changed"
    shown = found.flips[:_FLIPS]
    more = f"; the {len(shown)} worst" if len(shown) < found.flipped else ""
    pictured = any(flip.picture for flip in shown)
    rows = [_flip(flip, pictured=pictured) for flip in shown]
    heads = ("sample", *["input"] * pictured, "truth", "original", "pruned", "log-odds moved by")
    return f"<p>{count}{more}.</p>" + (table("Flipped samples", heads, rows) if rows else "")


def _flip(flip: Flip, *, pictured: bool) -> tuple[str, ...]:
    picture = ""
    if flip.picture is not None:
        source = f"data:image/png;base64,{escape(flip.picture)}"
        picture = f'<img class="thumb" src="{source}" alt="input of sample {flip.index}">'
    answers = (flip.before, flip.after)
    marked = (
        escape(each)
        if flip.truth is None
        else f'<span class="{"in" if each == flip.truth else "out"}">{escape(each)}</span>'
        for each in answers
    )
    truth = "-" if flip.truth is None else escape(flip.truth)
    shift = show(flip.shift, Unit.PLAIN)
    return (str(flip.index), *[picture] * pictured, truth, *marked, shift)
