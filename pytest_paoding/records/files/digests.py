"""Digests of files of any size."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pytest_paoding.records.files.regular_files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 1 << 20


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
