"""Rows on the files of a gate, one for each format, shared by every report. Plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.formats import ENDINGS, EXPORTED, KERAS, of_file, parted
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS
from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult

HEADS = ("format", "file", "size", "change", "accuracy", "robust")
"""The heads of the cells of a row."""

_UNKNOWN = Measurement()
_SUFFIX = {name: None if name == KERAS else name for name in ENDINGS}


def file_rows(result: GateResult) -> list[list[str]]:
    """Return format, file, size, change, accuracy and robust accuracy of every measured file.

    The change is relative to the size of the original's `.keras` file; the robust accuracy is the
    least over the strengths of the attack, with that strength. Empty without further formats.
    """
    measured = [name for name in EXPORTED if of_file("size", name) in result.metrics]
    if not measured:
        return []
    return [_row(result, name) for name in (KERAS, *measured)]


def file_lines(result: GateResult) -> list[str]:
    """Return the files in further formats as lines below that of their gate.

    Where no sample is right or wrong, their scores stand in the place of accuracy.
    """
    rows = [
        [name, file, f"{size} ({change})", "  ".join(_quality(result, name, accuracy, robust))]
        for name, file, size, change, accuracy, robust in file_rows(result)[1:]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(["", *map(str.ljust, row, widths)]).rstrip() for row in rows]


def _quality(result: GateResult, name: str, accuracy: str, robust: str) -> list[str]:
    first = _scores(result, name) if accuracy == "-" else [f"accuracy {accuracy}"]
    return [*first, *([] if robust == "-" else [f"robust {robust}"])]


def _scores(result: GateResult, file_format: str) -> list[str]:
    found = []
    for name, measured in result.metrics.items():
        base, suffix = parted(name)
        metric, _, score = base.partition("@")
        if metric in ("score", "error") and suffix == file_format and measured.after is not None:
            found.append(f"{score} {show(measured.after, Unit.PLAIN)}")
    return found


def _row(result: GateResult, name: str) -> list[str]:
    suffix = _SUFFIX[name]
    size, change, accuracy = (
        result.metrics.get(of_file(metric, suffix), _UNKNOWN)
        for metric in ("size", "size_reduction", "accuracy")
    )
    return [
        name,
        f"{result.sweep or result.name}{ENDINGS[name]}",
        show(size.after, METRICS["size"].unit),
        "-" if change.found is None else f"{-change.found:+.0%}",
        show(accuracy.after, METRICS["accuracy"].unit),
        _robust(result, suffix),
    ]


def _robust(result: GateResult, suffix: str | None) -> str:
    found = [
        (measured.after, parted(name)[0].partition("@")[2])
        for name, measured in result.metrics.items()
        if name.startswith("robust_accuracy@") and parted(name)[1] == suffix
        if measured.after is not None
    ]
    if not found:
        return "-"
    least, strength = min(found)
    return f"{show(least, METRICS['robust_accuracy'].unit)} @{strength}"
