"""A lock of the operating system on a file, which is released when its process dies.

A process may also hang. So whoever holds the lock gives signs of life, by the file's time, and
whoever waits goes on without the lock where none come.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_paoding.gate.files.plain_files import open_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PAUSE = 0.05
"""Seconds between two looks at a lock."""
_BEAT = 5.0
"""Seconds between two signs of life."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for another process, in seconds.

    Attributes:
        silence: Without a sign of life.
        longest: In all.
    """

    silence: float = 60.0
    longest: float = 1800.0


@contextmanager
def held(
    path: Path, *, patience: Patience, waiting: Callable[[], None], gave_up: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock of a file, which is made where it is missing, or go on without.

    Args:
        path: The file.
        patience: How long to wait.
        waiting: Called again and again meanwhile.
        gave_up: Called with the reason for going on without; not where there can be no lock.
    """
    descriptor = -1
    try:
        with suppress(OSError, ValueError):
            descriptor = open_plain(path, os.O_RDWR | os.O_CREAT)
        if descriptor >= 0 and _acquired(descriptor, patience, waiting, gave_up):
            with _Beating(path):
                yield
        else:
            yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _acquired(
    descriptor: int, patience: Patience, waiting: Callable[[], None], gave_up: Callable[[str], None]
) -> bool:
    began = heard = time.monotonic()
    sign = os.fstat(descriptor).st_mtime_ns
    with suppress(OSError):  # there are file systems without locks
        while not _lock(descriptor):
            now, last = time.monotonic(), os.fstat(descriptor).st_mtime_ns
            if last != sign:  # no clocks are compared: those of two machines differ
                sign, heard = last, now
            if now - heard > patience.silence:
                gave_up(f"it gave no sign of life for {patience.silence:g} s")
                return False
            if now - began > patience.longest:
                gave_up(f"it was not done after {patience.longest:g} s")
                return False
            waiting()
            time.sleep(_PAUSE)
    return True


@dataclass(slots=True)
class _Beating:
    """Gives signs of life of this process, from a thread, while the context is open."""

    path: Path
    _over: threading.Event = field(default_factory=threading.Event, init=False)

    def __enter__(self) -> None:
        threading.Thread(target=self._beat, name="paoding-lock", daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _beat(self) -> None:
        while not self._over.wait(_BEAT):
            with suppress(OSError):
                os.utime(self.path)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
