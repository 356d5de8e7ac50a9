"""The digest of code: what another version of it has found is not what this one would find."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


@cache
def code_digest() -> str:
    """Return a digest of all modules of this package, whatever version they call themselves."""
    found = hashlib.sha256()
    for folder, inner, files in os.walk(_PACKAGE):
        inner.sort()  # the order that they are walked through in
        for name in sorted(files):
            if name.endswith(".py"):
                content = Path(folder, name).read_bytes()
                found.update(f"{Path(folder).name}/{name} {len(content)}\n".encode())
                found.update(content)
    return found.hexdigest()


def module_digest(kind: type) -> str | None:
    """Return a digest of the module of a class; None of this package's, or without a file."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None or Path(file).is_relative_to(_PACKAGE):
        return None
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except OSError:
        return None
