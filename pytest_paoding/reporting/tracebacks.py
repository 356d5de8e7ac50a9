"""Tracebacks of gates, made harmless: an error's text may hold names that a model file has given.

pytest prints them as they are. So they could move a terminal's cursor, or give orders to a CI
service, which sees a command wherever a line begins as one.
"""

from __future__ import annotations

from typing import Any

from pytest_paoding.records.text.escapes import as_line


def harmless(shown: Any) -> Any:
    """Return what a report shows of a failure, with an escape for whatever is no sign.

    Args:
        shown: A text, or pytest's own record of an exception, whose texts are replaced.
    """
    if isinstance(shown, str):
        return _lines(shown)
    alone = [(getattr(shown, "reprtraceback", None), getattr(shown, "reprcrash", None), None)]
    for traceback, crash, _ in getattr(shown, "chain", alone):
        if crash is not None:
            crash.message = _lines(crash.message)
        for entry in () if traceback is None else traceback.reprentries:
            _make_harmless(entry)
    return shown


def _make_harmless(entry: Any) -> None:
    """Escape a place in a traceback: its lines, and what it shows of arguments and variables."""
    for part in (entry, getattr(entry, "reprlocals", None)):
        if part is not None:
            part.lines[:] = map(_lines, part.lines)
    called = getattr(entry, "reprfuncargs", None)
    if called is not None:
        called.args = [(name, _lines(shown)) for name, shown in called.args]


def _lines(text: str) -> str:
    """Return a text whose lines and indents stay."""
    return "\n".join("\t".join(map(as_line, line.split("\t"))) for line in text.split("\n"))
