"""The progress of long work, shown on a terminal and nowhere else."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from pytest_paoding.records.text.escapes import as_line

_PATIENCE, _PAUSE = 1.0, 0.1
"""Seconds before anything is shown, and between two changes."""


class Writer(Protocol):
    """The part of pytest's terminal reporter that is used."""

    def ensure_newline(self) -> None:
        """End a line that has been begun."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write over the present line."""


@dataclass(slots=True)
class Progress:
    """Shows one line, rewrites it, and removes it in the end.

    Attributes:
        writer: The terminal.
        name: Name of the gate.
        shown: Whether there is a line now.
        due: Time of its next change.
    """

    writer: Writer
    name: str
    shown: bool = False
    due: float = field(default_factory=lambda: time.monotonic() + _PATIENCE)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` parts of the work are done."""
        if time.monotonic() < self.due:
            return
        if not self.shown:
            self.writer.ensure_newline()
        line = as_line(f"paoding: {self.name}: {what} {done}/{total}")
        self.writer.rewrite(line, erase=True)
        self.shown, self.due = True, time.monotonic() + _PAUSE

    def close(self) -> None:
        """Leave no trace."""
        if self.shown:
            self.writer.rewrite("", erase=True)
            self.writer.rewrite("")
