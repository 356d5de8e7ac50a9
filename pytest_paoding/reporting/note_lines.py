"""Remarks on the gates of a run: each kind once, with the gates that it concerns. Plain ASCII."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_paoding.records.note import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_paoding.records.results import GateResult

_MOST_LINES, _MOST_GATES = 20, 6
_NUMBER = re.compile(r"\d+(\.\d+)?")


class _Said(NamedTuple):
    """A remark, the gates that it stands at as it is, and those where only its numbers differ."""

    text: str
    same: list[str]
    alike: list[str]


def note_lines(results: Iterable[GateResult], *, every: bool = False) -> list[str]:
    """Return the remarks by kind, at most a screen.

    Args:
        results: Records of the gates.
        every: Whether to show all of them, however many, those with other numbers too.
    """
    lines = [
        f"{f'note [{kind}]:' if place == 0 else ' '} {line}"
        for kind, said in _by_kind(results, every=every).items()
        for place, line in enumerate(map(_line, said.values()))
    ]
    rest = len(lines) - _MOST_LINES
    if every or rest <= 1:
        return lines
    return [*lines[:_MOST_LINES], f"  ... and {rest} more: -v shows them"]


def _by_kind(results: Iterable[GateResult], *, every: bool) -> dict[str, dict[str, _Said]]:
    found: dict[str, dict[str, _Said]] = {}
    for result in results:
        for note in result.notes:
            shape = str(note) if every else _NUMBER.sub("0", note)
            kind = found.setdefault(kind_of(note), {})
            said = kind.setdefault(shape, _Said(str(note), [], []))
            (said.same if said.text == note else said.alike).append(result.name)
    return found


def _line(said: _Said) -> str:
    gates = "; alike: ".join(map(_listed, filter(None, (said.same, said.alike))))
    return f"{said.text} ({gates})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_shortened(list(dict.fromkeys(names))))


def _shortened(names: list[str]) -> Iterator[str]:
    rest = len(names) - _MOST_GATES
    yield from names if rest <= 1 else names[:_MOST_GATES]
    if rest > 1:
        yield f"{rest} others"
