"""What a killed process leaves half made: its name tells whose it is, so that others may remove it.

Such names begin with a prefix, the host and the process that outlives whoever works there. They may
stand where anybody can write: what is removed is never looked for behind a link.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STALE_AFTER = 2 * 24 * 3600.0
"""Seconds after which whatever has such a name is removed: a process may be of another host."""
_OWNED = re.compile(r"([0-9a-f]{8})-([0-9]+)-")
_NUMBERING = Path("/proc/self/ns/pid")
"""What tells the numbers of processes of one container from those of another, on Linux."""
_WINDOWS = os.name == "nt"


@contextmanager
def own_folder(prefix: str, *, within: Path | None = None) -> Iterator[Path]:
    """Open a new folder of this process alone, which is removed in the end; see `open_own_folder`.

    Raises:
        OSError: It cannot be made.
    """
    folder = open_own_folder(prefix, within=within)
    try:
        yield folder
    finally:
        remove(folder)


def open_own_folder(prefix: str, *, within: Path | None = None, owner: int | None = None) -> Path:
    """Return a new folder for this user alone, once those of killed processes are removed.

    Args:
        prefix: Tells what it is for.
        within: Where it is made; None for the folder of temporary files.
        owner: Process whose death makes it stale; None for this one.

    Raises:
        OSError: It cannot be made.
    """
    place = Path(tempfile.gettempdir()) if within is None else within
    sweep_half_made(place, prefix)
    mine = half_made(prefix, os.getpid() if owner is None else owner)
    return Path(tempfile.mkdtemp(prefix=mine, dir=place))


def half_made(prefix: str, owner: int) -> str:
    """Return the beginning of a name for what is half made.

    Args:
        prefix: Tells what it is.
        owner: Process whose death makes it stale.
    """
    return f"{prefix}{_host()}-{owner}-"


def sweep_half_made(folder: Path, prefix: str, *, owner: int | None = None) -> None:
    """Remove what is half made and of `owner`, of dead processes of this host, or very old."""
    for path in folder.glob(f"{prefix}*"):
        named = _OWNED.match(path.name.removeprefix(prefix))
        if named is None:  # somebody else's, whatever it is
            continue
        host, process = named[1], int(named[2])
        here = host == _host()
        if (here and (process == owner or not _is_alive(process))) or _is_old(path):
            remove(path)


def remove(path: Path) -> None:
    """Remove whatever stands under a name, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:  # a later run removes it
        return


@cache
def _host() -> str:
    """Return a digest of where the numbers of processes mean what they mean here.

    Containers may have one host name, and one folder, and numbers of their own.
    """
    numbering = _NUMBERING.readlink() if _NUMBERING.is_symlink() else ""
    return hashlib.sha256(f"{socket.gethostname()}{numbering}".encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    if _WINDOWS:
        return True  # os.kill would end the process it asks about; age decides there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _STALE_AFTER
    except FileNotFoundError:
        return False
