"""The progress of long work, shown on a terminal and nowhere else."""

from __future__ import annotations

import shutil
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

from pytest_paoding.records.text.escapes import as_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_PATIENCE, _PAUSE = 1.0, 0.1
"""Seconds before anything is shown, and between two changes."""
_TELLING = 2.0
"""Seconds of work from which on the time that is left is told."""


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def ensure_newline(self) -> None:
        """End a line that has been begun."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write over the present line."""

    def flush(self) -> None:
        """Let the terminal have what was written."""


class Line(Protocol):
    """Where one line is shown."""

    def show(self, text: str) -> None:
        """Show a line in place of the one before."""

    def clear(self) -> None:
        """Leave no trace."""


@dataclass(slots=True)
class TerminalLine:
    """A line of a terminal that is written over.

    Attributes:
        writer: The terminal.
        aside: Opens a context in which what is written gets to the terminal, and not into the
            output of a test that pytest captures.
        shown: Whether there is a line now.
    """

    writer: Writer
    aside: Callable[[], AbstractContextManager[Any]] = nullcontext
    shown: bool = False

    def show(self, text: str) -> None:
        """Show a line, as much of it as the terminal is wide: a longer one could not be removed."""
        with self.aside():
            if not self.shown:
                self.writer.ensure_newline()
            self.writer.rewrite(text[: shutil.get_terminal_size().columns - 1], erase=True)
            self.writer.flush()
        self.shown = True

    def clear(self) -> None:
        """Remove the line."""
        if not self.shown:
            return
        with self.aside():
            self.writer.rewrite("", erase=True)
            self.writer.rewrite("")
            self.writer.flush()
        self.shown = False


@dataclass(slots=True)
class Progress:
    """Tells what a gate is doing, how far it is, and how long that will take.

    Attributes:
        line: Where it is shown.
        name: Name of the gate.
        due: Time of the next change.
    """

    line: Line
    name: str
    due: float = field(default_factory=lambda: time.monotonic() + _PATIENCE)
    _what: str = field(default="", init=False)
    _begun: tuple[float, int] = field(default=(0.0, 0), init=False)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` parts of the work are done."""
        now = time.monotonic()
        if what != self._what:
            self._what, self._begun = what, (now, done)
        if now < self.due:
            return
        left = self._left(now, done, total)
        self.line.show(as_line(f"paoding: {self.name}: {what} {done}/{total}{left}"))
        self.due = now + _PAUSE

    def close(self) -> None:
        """Leave no trace."""
        self.line.clear()

    def _left(self, now: float, done: int, total: int) -> str:
        """Return how long this part of the work will take, if that can be told."""
        since, before = self._begun
        if now - since < _TELLING or not before < done < total:
            return ""
        return f", about {ceil((now - since) * (total - done) / (done - before))} s left"
