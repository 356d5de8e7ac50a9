"""Charts of the HTML report, as inline SVG with a description in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.records.budgets import Verdict, verdict
from pytest_paoding.records.text.printing import show, title
from pytest_paoding.reporting.web.hypertext import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.records.budgets import Check, Limit
    from pytest_paoding.records.evidence.breakdown import Matrix
    from pytest_paoding.records.results import GateResult

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 340.0, 190.0, 66.0, 14.0, 14.0, 30.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one metric over the ratios that were tried.

    Attributes:
        name: Name of the metric.
        limit: The budget.
        points: Pairs of ratio and found value, in ascending order of ratios.
    """

    name: str
    limit: Limit
    points: tuple[tuple[float, float], ...]

    def across(self, ratio: float) -> float:
        """Return the x coordinate of a ratio."""
        first, last = self.points[0][0], self.points[-1][0]
        return _LEFT + (ratio - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)

    def down(self, value: float) -> float:
        """Return the y coordinate of a value."""
        low, high = self.ends
        return _TOP + (high - value) / ((high - low) or 1.0) * (_HEIGHT - _TOP - _BOTTOM)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value, that of the limit included."""
        values = [self.limit.value, *(value for _, value in self.points)]
        return min(values), max(values)


def curves(results: Sequence[GateResult]) -> list[Curve]:
    """Return the curves of the gates of one sweep, or of one gate that searched."""
    found: dict[str, dict[float, float]] = {}
    limits: dict[str, Limit] = {}
    for result in results:
        for check in result.checks:
            limits.setdefault(check.name, check.limit)
            _add(found, check.name, result.ratio, check.compared)
        for trial in result.trials:
            for name, value in trial.found.items():
                _add(found, name, trial.ratio, value)
    return [
        Curve(name, limits[name], tuple(sorted(points.items())))
        for name, points in found.items()
        if name in limits and len(points) > 1
    ]


def _add(
    found: dict[str, dict[float, float]], name: str, ratio: float | None, value: float | None
) -> None:
    if ratio is not None and value is not None:
        found.setdefault(name, {})[ratio] = value


def drawing(curve: Curve) -> str:
    """Return a curve with its limit as SVG."""
    limit = curve.limit
    line = curve.down(limit.value)
    path = " ".join(f"{curve.across(at):.1f},{curve.down(value):.1f}" for at, value in curve.points)
    shown = escape(show(limit.value, limit.metric.unit))
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img"'
        f' aria-label="{escape(_in_words(curve))}">'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{line:.1f}" y2="{line:.1f}" class="limit"/>'
        f'<polyline points="{path}"/>{_dots(curve)}{_ticks(curve)}</svg>'
        f"<figcaption>{escape(title(curve.name))} over ratio; dashed: limit {shown}"
        "</figcaption></figure>"
    )


def _dots(curve: Curve) -> str:
    return "".join(
        f'<circle cx="{curve.across(at):.1f}" cy="{curve.down(value):.1f}" r="4"'
        f' class="{"in" if verdict(value, curve.limit) is Verdict.PASSED else "out"}"/>'
        for at, value in curve.points
    )


def _ticks(curve: Curve) -> str:
    unit = curve.limit.metric.unit
    values = [
        _text(_LEFT - 6, curve.down(value) + 4, "end", show(value, unit))
        for value in dict.fromkeys(curve.ends)
    ]
    first, last = curve.points[0][0], curve.points[-1][0]
    ratios = [
        _text(curve.across(at), _HEIGHT - 8, anchor, f"{at:g}")
        for at, anchor in ((first, "start"), (last, "end"))
    ]
    return "".join([*values, *ratios])


def _text(x: float, y: float, anchor: str, text: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{marked}>{escape(text)}</text>'


def _in_words(curve: Curve) -> str:
    unit = curve.limit.metric.unit
    told = "; ".join(f"{ratio:g}: {show(value, unit)}" for ratio, value in curve.points)
    return f"{title(curve.name)} by ratio: {told}. Limit {show(curve.limit.value, unit)}."


def bar(check: Check) -> str:
    """Return the used part of a budget, as a bar with the limit as a mark."""
    found, limit = check.compared, check.limit.value
    if found is None or check.verdict is Verdict.UNJUDGED:
        return ""
    largest = max(abs(found), abs(limit)) or 1.0
    kind = "in" if check.verdict is Verdict.PASSED else "out"
    return (
        f'<span class="bar" aria-hidden="true"><i class="{kind}"'
        f' style="width:{100 * max(0.0, found) / largest:.1f}%"></i>'
        f'<b style="left:{100 * max(0.0, limit) / largest:.1f}%"></b></span>'
    )


def share_bar(kept: int, units: int) -> str:
    """Return the kept part of a layer, as a bar."""
    return (
        '<span class="bar" aria-hidden="true">'
        f'<i class="in" style="width:{100 * kept / max(units, 1):.1f}%"></i></span>'
    )


_CELL, _EDGE, _NUMBERED = 20.0, 24.0, 12
"""Pixels of a cell and of the margin; most classes whose numbers are written into the cells."""
_STRONG = 0.7
"""Opacity of a cell from which the colour of the page is easier to read on it than that of text."""


def heat_map(name: str, counts: Matrix) -> str:
    """Return numbers of samples as SVG: a row for each true class, darker where it has more.

    Args:
        name: What it shows.
        counts: Numbers of samples by true class and answer.
    """
    size = _EDGE + _CELL * len(counts)
    cells = [
        _cell(row, column, number, sum(line), written=len(counts) <= _NUMBERED)
        for row, line in enumerate(counts)
        for column, number in enumerate(line)
        if number
    ]
    total = sum(map(sum, counts))
    wrong = total - sum(line[place] for place, line in enumerate(counts))
    words = f"{name}: {wrong} of {total} samples are answered as another class"
    return (
        f'<figure><svg class="map" viewBox="0 0 {size:.0f} {size:.0f}" role="img"'
        f' aria-label="{escape(words)}">{_class_ticks(len(counts))}{"".join(cells)}</svg>'
        f"<figcaption>{escape(words)}; rows: true class, columns: answer</figcaption></figure>"
    )


def _cell(row: int, column: int, number: int, of: int, *, written: bool) -> str:
    x, y, kind = _EDGE + _CELL * column, _EDGE + _CELL * row, "in" if row == column else "out"
    strength = 0.1 + 0.8 * number / of
    over = "full" if strength > _STRONG else ""
    text = _text(x + _CELL / 2, y + _CELL / 2 + 4, "middle", str(number), over) if written else ""
    return (
        f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{_CELL:.0f}" height="{_CELL:.0f}"'
        f' fill-opacity="{strength:.2f}"/>{text}'
    )


def _class_ticks(classes: int) -> str:
    """Return the numbers of the classes along both sides, of many only some."""
    step = -(-classes // _NUMBERED)
    return "".join(
        _text(_EDGE - 4, at + 4, "end", str(number)) + _text(at, _EDGE - 6, "middle", str(number))
        for number in range(0, classes, step)
        for at in [_EDGE + _CELL * (number + 0.5)]
    )
