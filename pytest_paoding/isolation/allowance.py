"""What the work of one gate may use, time and memory, and the watch over it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pytest_paoding.errors import LimitError
from pytest_paoding.isolation.footprint import footprint, require_measurable
from pytest_paoding.records.text.printing import show_apart
from pytest_paoding.records.text.quantities import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a gate may use.

    Attributes:
        timeout: Seconds from now on; None for any number.
        memory: Bytes of the child process; None for any number.
    """

    timeout: float | None = None
    memory: int | None = None
    _start: float = field(default_factory=time.monotonic, init=False)

    def __post_init__(self) -> None:
        """Refuse to bound what cannot be measured.

        Raises:
            ConfigError: Memory cannot be, on this system.
        """
        if self.memory is not None:
            require_measurable()

    def check(self, process: int) -> None:
        """Hold what a process has used against what it may.

        Raises:
            LimitError: It is more.
        """
        spent = time.monotonic() - self._start
        if self.timeout is not None and spent > self.timeout:
            raise LimitError(
                f"the gate took {spent:.2f} s, timeout allows {self.timeout:g} s: raise timeout, or"
                " lower effort"
            )
        used = 0 if self.memory is None else footprint(process)
        if self.memory is not None and used > self.memory:
            found, limit = show_apart(used, self.memory, Unit.BYTES)
            raise LimitError(
                f"the gate took {found} of memory, memory allows {limit}: raise memory, or judge on"
                " less data"
            )
