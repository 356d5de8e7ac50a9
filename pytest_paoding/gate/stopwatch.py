"""A stopwatch: how long each part of a gate's work took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.records.protocol import Progress

REST = "all else"


@dataclass(slots=True)
class Stopwatch:
    """Listens to the progress of work, and adds up the time between two reports.

    The time counts for what the later one reports, which is what was being done.

    Attributes:
        shown: Who else is told of the progress.
        within: What it is a part of, which they are told too.
        spent: Seconds by what was reported.
    """

    shown: Progress | None = None
    within: str = field(default="", init=False)
    spent: dict[str, float] = field(default_factory=dict, init=False)
    _last: float = field(default_factory=time.perf_counter, init=False)

    def __call__(self, what: str, done: int, total: int) -> None:
        """Hear that `done` of `total` parts of something are done."""
        self._count(what)
        if self.shown is not None:
            self.shown(f"{self.within}{what}", done, total)

    def stop(self) -> dict[str, float]:
        """Return the seconds by what was done; those behind the last report are `all else`."""
        self._count(REST)
        return dict(self.spent)

    def _count(self, what: str) -> None:
        now = time.perf_counter()
        self.spent[what] = self.spent.get(what, 0.0) + now - self._last
        self._last = now
