"""Names of gates: the key of reports and baselines, and a file name on every system."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 100
_SAFE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_FILE_OF_ANOTHER = re.compile(r"\.(?:int8|float16|savedmodel)$", re.IGNORECASE)
"""What further formats put between the name of a gate and the ending of a file."""


def check_name(name: str) -> str:
    """Return `name` if it can name a gate.

    Raises:
        ValueError: It is empty, too long, or no file name on some system.
    """
    if _is_safe(name):
        if found := _FILE_OF_ANOTHER.search(name):
            other = name[: found.start()]
            raise ValueError(f"{name!r} cannot name a gate: its files could be those of {other!r}")
        return name
    raise ValueError(
        f"{name!r} cannot name a gate: use at most {_LONGEST} letters, digits, '.', '_' and '-'"
        " that are a file name on every system"
    )


def name_for(item: str) -> str:
    """Return a gate's name for a test item's name, such as `test_x-8` for `test_x[8]`.

    What a file name cannot hold is replaced, and then a digest of the item's name is added, so that
    two items never share a name.
    """
    name = re.sub(r"\[(.*)\]$", r"-\1", item, flags=re.DOTALL)
    if _is_safe(name):
        return name
    readable = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[: _LONGEST - 9]
    digest = hashlib.sha256(item.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{readable or 'gate'}-{digest}"


def _is_safe(name: str) -> bool:
    return len(name) <= _LONGEST and bool(_SAFE.fullmatch(name)) and not _RESERVED.fullmatch(name)
