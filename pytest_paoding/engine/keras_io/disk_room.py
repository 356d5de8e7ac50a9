"""Room on a disk, made sure of before HDF5 writes: once that fails, it may crash the process."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_UNKNOWN = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
"""Errors of a file system that reserves no room."""


def require_room(folder: Path, sizes: Iterable[int]) -> None:
    """Make sure that files of these sizes can be in a folder at once, by reserving them.

    Quotas and limits on files count as they do when files are written. Nothing stays behind.

    Raises:
        OSError: They cannot.
    """
    sizes = tuple(sizes)
    with ExitStack() as reserved:
        for size in sizes:
            file = reserved.enter_context(tempfile.TemporaryFile(dir=folder))
            if not _reserve(file.fileno(), size):
                break
        else:
            return
    if shutil.disk_usage(folder).free < sum(sizes):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _reserve(descriptor: int, size: int) -> bool:
    """Reserve room for a file; return whether its file system can."""
    if not hasattr(os, "posix_fallocate"):
        return False
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno in _UNKNOWN:
            return False
        raise
    return True
