"""Plain files under names where others may have put something else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WARY = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # or a FIFO would wait for its other end
)


def open_plain(path: Path, flags: int) -> int:
    """Return a descriptor of a plain file; a link, a FIFO or a device is none.

    Args:
        path: The file.
        flags: What to open it for, as `os.open` takes it.

    Raises:
        ValueError: It is something else.
        OSError: It cannot be opened.
    """
    descriptor = os.open(path, flags | _WARY, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise ValueError(f"{path} is no plain file")
