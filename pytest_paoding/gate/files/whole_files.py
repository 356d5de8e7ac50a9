"""Texts that are written for others: into files in one step, into what is no file as it comes.

What stands under a name decides. A file is replaced by one that is whole; a device, a FIFO or a
socket is written into, as it would be lost if it were replaced; links are followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import socket
import stat
import sys
import time
from pathlib import Path

from pytest_paoding.records.files.leftovers import half_made, sweep_half_made

_PREFIX = ".paoding-"
_WINDOWS = os.name == "nt"
_TRIES, _PAUSE = 40, 0.05
"""Number and length (seconds) of waits on Windows for another process to release a file."""
_PATIENCE = 10.0
"""Seconds to wait for somebody who reads a FIFO or a socket."""


def write_whole(path: Path, text: str) -> None:
    """Write a text to a file that is never seen half written; its folder is made where missing.

    Raises:
        OSError: It cannot be written; the previous content of a file is as before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    try:
        there = path.stat()
    except FileNotFoundError:  # nothing, or a link to nothing
        _replace(Path(os.path.realpath(path)), content)
        return
    own = _own_stream(there)
    if own is not None:
        _append_to(own, content)
    elif stat.S_ISREG(there.st_mode):
        _replace(Path(os.path.realpath(path)), content)
    elif stat.S_ISSOCK(there.st_mode):
        _send(path, content)
    else:
        with os.fdopen(_opened(path), "wb") as file:
            file.write(content)


def is_replaced(path: Path) -> bool:
    """Whether a text that is written there takes the place of a file, or of nothing.

    Raises:
        OSError: There can be no file.
    """
    try:
        there = path.stat()
    except FileNotFoundError:
        return True
    return stat.S_ISREG(there.st_mode) and _own_stream(there) is None


def move(source: Path, target: Path) -> None:
    """Let a file take the place of another in one step.

    Raises:
        OSError: It cannot.
    """
    for _ in range(_TRIES if _WINDOWS else 0):
        with contextlib.suppress(PermissionError):
            source.replace(target)
            return
        time.sleep(_PAUSE)
    source.replace(target)


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{half_made(_PREFIX, os.getpid())}{secrets.token_hex(4)}")
    sweep_half_made(path.parent, _PREFIX)
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power failure may leave the name without the content
        move(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _own_stream(there: os.stat_result) -> int | None:
    """Return the standard stream of this process that stands there, as /dev/stdout does.

    If it is a file, whoever replaced it would write what nobody sees, and whoever opened it anew
    would write over what is in it.
    """
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):  # it is closed
            if os.path.samestat(os.fstat(descriptor), there):
                return descriptor
    return None


def _append_to(descriptor: int, content: bytes) -> None:
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()  # what was written before comes first
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)


def _opened(path: Path) -> int:
    """Return a descriptor to write into what is no file, once somebody reads it."""
    until = time.monotonic() + _PATIENCE
    while (descriptor := _opened_now(path, patient=time.monotonic() < until)) is None:
        time.sleep(_PAUSE)
    return descriptor


def _opened_now(path: Path, *, patient: bool) -> int | None:
    """Return a descriptor; None where nobody reads yet: a FIFO would wait for them for ever."""
    waiting = getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, os.O_WRONLY | waiting | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        if patient and error.errno == errno.ENXIO:
            return None
        raise
    if waiting:
        os.set_blocking(descriptor, True)
    return descriptor


def _send(path: Path, content: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(os.fspath(path))
        connection.sendall(content)
