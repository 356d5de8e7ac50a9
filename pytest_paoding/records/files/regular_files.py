"""Files to read under names that anybody may have given something else."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NO_FILE = "is no regular file, but a pipe or a device"
_WARY = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOINHERIT", 0)
    | getattr(os, "O_NONBLOCK", 0)  # or a FIFO that has come since would wait for its other end
)


def open_regular(path: Path) -> IO[bytes]:
    """Open a file to read it; links are followed.

    A FIFO may wait for ever for its other end, a device may have no end, and opening one may do
    something: so they are looked at before.

    Raises:
        OSError: It is no file, or cannot be opened.
    """
    _require_regular(path, path.stat())
    file = os.fdopen(os.open(path, os.O_RDONLY | _WARY), "rb")
    try:
        _require_regular(path, os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def _require_regular(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, NO_FILE, str(path))
