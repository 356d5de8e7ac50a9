"""A row of values in the height of a line, as SVG or as block characters."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from pytest_paoding.reporting.web.hypertext import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WIDTH, _HEIGHT, _SIDE, _EDGE = 160.0, 24.0, 8.0, 4.0
_LOWEST, _STEPS, _GAP = 0x2581, 8, "\u00b7"
"""The lowest of the block characters, their number, and what stands for no value."""
_MOST_BLOCKS = 20


def levels(values: Sequence[float | None]) -> list[float | None]:
    """Return where each value lies between the least (0) and the greatest (1); all equal, 0.5.

    >>> levels([1, None, 3, 2]), levels([7])
    ([0.0, None, 1.0, 0.5], [0.5])
    """
    known = [value / 2 for value in values if value is not None]  # their span is a float, too
    low, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    return [
        None if value is None else (value / 2 - low) / span if span else 0.5 for value in values
    ]


def blocks(values: Sequence[float | None]) -> str:
    r"""Return the last values as characters of a height each.

    >>> ascii(blocks([0.1, None, 0.3, 0.2]))
    "'\\u2581\\xb7\\u2588\\u2585'"
    """
    return "".join(
        _GAP if level is None else chr(_LOWEST + min(_STEPS - 1, int(_STEPS * level)))
        for level in levels(values[-_MOST_BLOCKS:])
    )


def sparkline(values: Sequence[float | None], words: str) -> str:
    """Return values as a line, with gaps where there is none and a dot at the last.

    Args:
        values: The values, at least two.
        words: What they are, for whoever cannot see it or points at it.
    """
    places = [
        None if level is None else (_across(number, len(values)), _down(level))
        for number, level in enumerate(levels(values))
    ]
    unbroken = groupby(places, lambda each: each is not None)
    runs = [[*filter(None, run)] for there, run in unbroken if there]
    lines = "".join(_line(run) for run in runs if len(run) > 1)
    dots = [run[0] for run in runs if len(run) == 1] + places[-1:]
    drawn = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in filter(None, dots))
    return _drawing(f"{lines}{drawn}", words)


def _line(places: Iterable[tuple[float, float]]) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline fill="none" stroke="currentColor" points="{points}"/>'


def strip(kinds: Sequence[str], words: str) -> str:
    """Return a box for each run, in the colour of its outcome, where lines have their points.

    Args:
        kinds: What each is, as classes of the style sheet.
        words: What they are, for whoever cannot see it or points at it.
    """
    count = len(kinds)
    wide = min(2 * _SIDE, (_WIDTH - 2 * _SIDE) / max(1, count - 1)) * 0.8
    boxes: Iterable[str] = (
        f'<rect class="{kind}" x="{_across(number, count) - wide / 2:.1f}" y="{_EDGE:.0f}"'
        f' width="{wide:.1f}" height="{_HEIGHT - 2 * _EDGE:.0f}"/>'
        for number, kind in enumerate(kinds)
    )
    return _drawing("".join(boxes), words)


def _drawing(content: str, words: str) -> str:
    told = escape(words)
    return (
        f'<svg class="trend" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}"'
        f' viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{told}">'
        f"<title>{told}</title>{content}</svg>"
    )


def _across(number: int, count: int) -> float:
    return _SIDE + (_WIDTH - 2 * _SIDE) * number / max(1, count - 1)


def _down(level: float) -> float:
    return _EDGE + (_HEIGHT - 2 * _EDGE) * (1 - level)
