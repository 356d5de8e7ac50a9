"""Records and numbers for people: few digits, but enough to see that two numbers differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from pytest_paoding.records.formats import parted
from pytest_paoding.records.text.escapes import as_line, printable
from pytest_paoding.records.text.quantities import SIZES, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEW_LINE, _SCREEN = "\n", 20


class Shown:
    """A record that shows itself: as a text that fits a screen, and that text's first line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {printable(str(self).partition(_NEW_LINE)[0])}>"


def screenful(lines: Sequence[str]) -> str:
    """Return lines as one text, cut where they would not fit a screen."""
    rest = len(lines) - _SCREEN
    shown = lines if rest <= 1 else [*lines[:_SCREEN], f"  ... and {rest} more"]
    return _NEW_LINE.join(map(as_line, shown))


class _Form(NamedTuple):
    digits: int
    kind: str = "f"
    factor: float = 1
    suffix: str = ""


_FORMS = {
    Unit.SHARE: _Form(4),
    Unit.RETENTION: _Form(4),
    Unit.PERCENT: _Form(1, factor=100, suffix="%"),
    Unit.COUNT: _Form(0),
    Unit.MILLISECONDS: _Form(3, suffix=" ms"),
    Unit.PLAIN: _Form(4, "g"),
}


_PER_STRENGTH = frozenset({"robust_score", "robust_error"})
"""Metrics whose names end with the strength of an attack, behind that of a score."""


def title(name: str, worst: float | None = None) -> str:
    """Return a metric's name for people; what follows it stays as one would type it.

    Args:
        name: The metric's name.
        worst: The strength of the attack at which it is the worst, where its name has none.

    >>> title("score_decay@mask/mean_iou@tflite-int8"), title("robust_score@recall@3@0.1")
    ('score decay @mask/mean_iou @tflite-int8', 'robust score @recall@3 @0.1')
    >>> title("robustness_retention@tflite-int8", 0.05)
    'robustness retention @0.05 @tflite-int8'
    """
    whole, file_format = parted(name)
    base, _, part = whole.partition("@")
    score, _, epsilon = part.rpartition("@") if base in _PER_STRENGTH else (part, "", "")
    strength = "" if worst is None else f"{worst:g}"
    parts = filter(None, (score, epsilon, strength, file_format))
    return " @".join((base.replace("_", " "), *parts))


def at(confidence: float | None) -> str:
    """Return a confidence as a suffix; empty where none was asked for."""
    return f" at {100 * confidence:g}%" if confidence else ""


def show(value: float | None, unit: Unit, *, extra: int = 0) -> str:
    """Return `value` for people, with `extra` more digits than usual; "-" where there is none."""
    if value is None:
        return "-"
    if unit is Unit.BYTES:
        return _show_size(value, extra)
    if unit is Unit.COUNT and value == int(value):
        return str(int(value))
    form = _FORMS[unit]
    return f"{form.factor * value:.{form.digits + extra}{form.kind}}{form.suffix}"


def show_apart(found: float | None, limit: float, unit: Unit) -> tuple[str, str]:
    """Return both numbers with as many digits as it takes to see that they differ."""
    texts = show(found, unit), show(limit, unit)
    if found is None or found == limit:
        return texts
    for extra in range(18):
        texts = show(found, unit, extra=extra), show(limit, unit, extra=extra)
        if texts[0] != texts[1]:
            return texts
    return repr(found), repr(limit)


def round_limit(found: float, unit: Unit) -> str:
    """Return the tightest round limit that a count holds, as it may be written in settings.

    >>> round_limit(0.687, Unit.PERCENT), round_limit(64914, Unit.BYTES)
    ('68%', '65.0 kB')
    """
    if unit is Unit.PERCENT:
        return f"{math.floor(100 * found)}%"
    scale = 10 ** max(0, math.floor(math.log10(max(found, 1))) - 1)
    return show(math.ceil(found / scale) * scale, unit)


def _show_size(value: float, extra: int) -> str:
    for name in ("GB", "MB", "kB"):
        if value >= SIZES[name]:
            return f"{value / SIZES[name]:.{1 + extra}f} {name}"
    return f"{value:g} B"
