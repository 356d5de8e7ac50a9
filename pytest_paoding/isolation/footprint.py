"""How much memory another process occupies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pytest_paoding.errors import ConfigError

_KIB = 1024


def require_measurable() -> None:
    """Refuse to bound what cannot be measured here.

    Raises:
        ConfigError: This system does not tell it.
    """
    if sys.platform == "win32":
        raise ConfigError("memory: cannot be bounded on Windows, use timeout alone")


def footprint(process: int) -> int:
    """Return the bytes of memory that a process occupies now; 0 once it is over."""
    return of_proc(process) if Path("/proc/self/statm").is_file() else of_ps(process)


def of_proc(process: int) -> int:
    """Return what Linux tells."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def of_ps(process: int) -> int:
    """Return what `ps` tells, on every POSIX system."""
    command = ["ps", "-o", "rss=", "-p", str(process)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no input of others
    return int(told.stdout or 0) * _KIB
