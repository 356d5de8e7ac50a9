"""The anatomy of a model as one screen of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tabulate import tabulate

from pytest_paoding.records.text.escapes import as_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.records.readings.anatomy import Anatomy, GroupAnatomy

_SHOWN = 4
"""Names listed of one kind in a line; of more, the first ones and how many others there are."""


def anatomy_text(anatomy: Anatomy) -> str:
    """Return a page: layers and what they cost, groups, what is pinned, what ratios leave."""
    return "\n".join(map(as_line, _lines(anatomy)))


def _lines(anatomy: Anatomy) -> Iterator[str]:
    whole = anatomy.whole
    flops = "FLOPs unknown" if whole.flops is None else f"{whole.flops:,} FLOPs a sample"
    yield f"{anatomy.name}: {whole.parameters:,} parameters, {flops}"
    inputs = (f"{name} {_shape(shape)} {dtype}" for name, shape, dtype in anatomy.inputs)
    yield f"reads {', '.join(inputs)}"
    yield ""
    yield from _layers(anatomy)
    if anatomy.groups:
        yield ""
        yield "units that leave together"
        yield from _table([[f"{each.units}", _described(each)] for each in anatomy.groups])
    if anatomy.pinned:
        yield ""
        yield "units that stay"
        yield from _table([[f"{units}", f"{name}: {why}"] for name, units, why in anatomy.pinned])
    if anatomy.ratios:
        yield ""
        yield from _ratios(anatomy)


def _layers(anatomy: Anatomy) -> list[str]:
    rows = [
        [
            printable(each.name),
            printable(each.kind),
            _shape(each.shape),
            f"{each.parameters:,}",
            "unknown" if each.flops is None else f"{each.flops:,}",
        ]
        for each in anatomy.layers
    ]
    heads = ["layer", "kind", "output", "parameters", "FLOPs"]
    return _aligned(rows, heads, ("left",) * 3 + ("right",) * 2)


def _ratios(anatomy: Anatomy) -> list[str]:
    whole = anatomy.whole
    rows = [
        [
            f"{each.ratio:g}",
            f"{each.units} of {whole.units}",
            _fallen(each.parameters, whole.parameters),
            _fallen(each.flops, whole.flops),
        ]
        for each in anatomy.ratios
    ]
    heads = ["ratio", "units left", "parameters left", "FLOPs left"]
    return _aligned(rows, heads, ("left",) + ("right",) * 3)


def _aligned(rows: list[list[str]], heads: list[str], align: tuple[str, ...]) -> list[str]:
    return tabulate(rows, heads, "plain", colalign=align, disable_numparse=True).split("\n")


def _fallen(left: int | None, before: int | None) -> str:
    if left is None or not before:
        return "unknown"
    return f"{left:,} (-{1 - left / before:.0%})"


def _described(group: GroupAnatomy) -> str:
    readers = [name if times == 1 else f"{name} (x{times})" for name, times in group.readers]
    parts = [
        " + ".join(group.producers),
        *([f"carried by {_listed(group.carriers)}"] if group.carriers else []),
        f"read by {_listed(readers)}" if readers else "read by nothing that sums over them",
        *([f"one stays in each of {group.parts} parts"] if group.parts else []),
    ]
    return "; ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    shown = list(names) if more <= 1 else [*names[:_SHOWN], f"{more} others"]
    return ", ".join(shown)


def _table(rows: list[list[str]]) -> list[str]:
    widths = max(len(row[0]) for row in rows)
    return [f"  {count:>{widths}}  {text}" for count, text in rows]


def _shape(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape) or "scalar"
