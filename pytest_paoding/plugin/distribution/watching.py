"""Watching workers: what they are doing is shown by the controller, who has the terminal.

A worker that sees the controller's disk writes its line into a file of its own there; a thread of
the controller reads these files a few times a second. Workers elsewhere are not shown.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.reporting.progress import Line

_PAUSE = 0.25
"""Seconds between two looks."""
_QUIET = 1.5
"""Seconds without reports from which on there is a line: each would begin it anew, on another."""


@dataclass(slots=True)
class FileLine:
    """A line that is shown by being in a file.

    Attributes:
        path: The file; nobody else writes it.
    """

    path: Path

    def show(self, text: str) -> None:
        """Write the line; whoever reads sees the old one or the new one."""
        draft = self.path.with_suffix(".draft")
        with suppress(OSError):  # the folder is gone, or a reader is in the way: more will come
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.path)

    def clear(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class Watch:
    """Shows the lines of all workers as one.

    Attributes:
        folder: Where they are.
        line: Where they are shown.
    """

    folder: Path
    line: Line
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _writing: threading.Lock = field(default_factory=threading.Lock, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _due: float = field(default=0.0, init=False)

    def start(self) -> None:
        """Begin to look, unless that has begun."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_on, name="paoding", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more, and remove the line."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self.hide()

    def hide(self) -> None:
        """Remove the line, as something else is to be written, and wait until no more is."""
        with self._writing:
            self._due = time.monotonic() + _QUIET
            self.line.clear()

    def look(self) -> None:
        """Show what the workers are doing now."""
        found = [text for path in sorted(self.folder.glob("*.txt")) if (text := _read(path))]
        with self._writing:
            if time.monotonic() < self._due:
                return
            if found:
                self.line.show("  ".join(found))
            else:
                self.line.clear()

    def _look_on(self) -> None:
        while not self._over.wait(_PAUSE):
            self.look()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it is over
        return ""
