"""Rows on the files of a gate, one for each format, shared by every report. Plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.formats import ENDINGS, EXPORTED, KERAS, of_file
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS
from pytest_paoding.records.text.printing import show
from pytest_paoding.reporting import quality

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult

_HEADS = ("format", "file", "size", "change")
_UNKNOWN = Measurement()
_SUFFIX = {name: None if name == KERAS else name for name in ENDINGS}


def file_heads(result: GateResult) -> tuple[str, ...]:
    """Return the heads of the cells of a row."""
    return (*_HEADS, quality.quality_name(result), "robust")


def file_rows(result: GateResult) -> list[list[str]]:
    """Return format, file, size, change, accuracy or scores, and robustness of every measured file.

    The change is relative to the size of the original's `.keras` file; the robust accuracy, or
    where no sample is right or wrong the first robust score, is the worst over the strengths of the
    attack, with that strength. Empty without further formats.
    """
    measured = _measured(result)
    if not measured:
        return []
    return [
        [
            *_sizes(result, name),
            quality.quality(result, _SUFFIX[name]),
            quality.robustness(result, _SUFFIX[name]),
        ]
        for name in (KERAS, *measured)
    ]


def file_lines(result: GateResult) -> list[str]:
    """Return the files in further formats as lines below that of their gate."""
    rows = []
    for each in _measured(result):
        name, file, size, change = _sizes(result, each)
        rows.append([name, file, f"{size} ({change})", "  ".join(quality.told(result, each))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(["", *map(str.ljust, row, widths)]).rstrip() for row in rows]


def _measured(result: GateResult) -> list[str]:
    return [name for name in EXPORTED if of_file("size", name) in result.metrics]


def _sizes(result: GateResult, name: str) -> list[str]:
    suffix = _SUFFIX[name]
    size, change = (
        result.metrics.get(of_file(metric, suffix), _UNKNOWN)
        for metric in ("size", "size_reduction")
    )
    return [
        name,
        f"{result.sweep or result.name}{ENDINGS[name]}",
        show(size.after, METRICS["size"].unit),
        quality.UNKNOWN if change.found is None else f"{-change.found:+.0%}",
    ]
