"""Rows on the files of a gate, one for each format, shared by every report. Plain ASCII."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from pytest_paoding.records.formats import ENDINGS, EXPORTED, KERAS, of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS, Direction
from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.records.results import GateResult

_HEADS = ("format", "file", "size", "change")
_UNKNOWN_CELL = "-"

_UNKNOWN = Measurement()
_SCORES = ("score", "error")
_SUFFIX = {name: None if name == KERAS else name for name in ENDINGS}


def file_heads(result: GateResult) -> tuple[str, ...]:
    """Return the heads of the cells of a row."""
    return (*_HEADS, "accuracy" if _has_accuracy(result) else "scores", "robust")


def _has_accuracy(result: GateResult) -> bool:
    """Whether samples are right or wrong; else scores stand in the place of accuracy."""
    found = (parted(name)[0] for name, each in result.metrics.items() if each.after is not None)
    scored = any(name.partition("@")[0] in _SCORES for name in result.metrics)
    return "accuracy" in found or not scored


def file_rows(result: GateResult) -> list[list[str]]:
    """Return format, file, size, change, accuracy or scores, and robustness of every measured file.

    The change is relative to the size of the original's `.keras` file; the robust accuracy, or
    where no sample is right or wrong the first robust score, is the worst over the strengths of the
    attack, with that strength. Empty without further formats.
    """
    measured = [name for name in EXPORTED if of_file("size", name) in result.metrics]
    if not measured:
        return []
    return [_row(result, name) for name in (KERAS, *measured)]


def file_lines(result: GateResult) -> list[str]:
    """Return the files in further formats as lines below that of their gate."""
    word = "accuracy " if _has_accuracy(result) else ""
    rows = [
        [name, file, f"{size} ({change})", "  ".join(_quality(f"{word}{quality}", robust))]
        for name, file, size, change, quality, robust in file_rows(result)[1:]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(["", *map(str.ljust, row, widths)]).rstrip() for row in rows]


def _quality(quality: str, robust: str) -> list[str]:
    known = [] if quality.endswith(_UNKNOWN_CELL) else [quality]
    return [*known, *([] if robust == _UNKNOWN_CELL else [f"robust {robust}"])]


def _scores(result: GateResult, file_format: str | None) -> str:
    found = []
    for name, measured in result.metrics.items():
        base, suffix = parted(name)
        metric, _, score = base.partition("@")
        if metric in _SCORES and suffix == file_format and measured.after is not None:
            found.append(f"{score} {show(measured.after, Unit.PLAIN)}")
    return ", ".join(found) or _UNKNOWN_CELL


def _row(result: GateResult, name: str) -> list[str]:
    suffix = _SUFFIX[name]
    size, change, accuracy = (
        result.metrics.get(of_file(metric, suffix), _UNKNOWN)
        for metric in ("size", "size_reduction", "accuracy")
    )
    quality = show(accuracy.after, METRICS["accuracy"].unit)
    return [
        name,
        f"{result.sweep or result.name}{ENDINGS[name]}",
        show(size.after, METRICS["size"].unit),
        "-" if change.found is None else f"{-change.found:+.0%}",
        quality if _has_accuracy(result) else _scores(result, suffix),
        _robust(result, suffix),
    ]


def _robust(result: GateResult, suffix: str | None) -> str:
    found = list(_under_attack(result, suffix, ("robust_accuracy",)))
    if not found and not _has_accuracy(result):
        scored = list(_under_attack(result, suffix, ("robust_score", "robust_error")))
        found = [each for each in scored if each[0] == scored[0][0]]
    if not found:
        return _UNKNOWN_CELL
    metric = METRICS[found[0][0].partition("@")[0]]
    worst = max if metric.direction is Direction.LOWER else min
    name, value, strength = worst(found, key=itemgetter(1))
    score = name.partition("@")[2]
    return f"{score} {show(value, metric.unit)} @{strength}".lstrip()


def _under_attack(
    result: GateResult, suffix: str | None, metrics: tuple[str, ...]
) -> Iterator[tuple[str, float, str]]:
    """Yield what was found under attack: the name without the strength, the value, the strength."""
    for name, measured in result.metrics.items():
        base, file_format = parted(name)
        stem, _, strength = base.rpartition("@")
        fits = stem.partition("@")[0] in metrics and file_format == suffix
        if fits and measured.after is not None:
            yield stem, measured.after, strength
