"""Entries of the store: a record and files in a folder, read so that nothing in it can do harm.

Whatever stands there, only plain files are opened, no more is read than the record says, and that
only as far as its seal holds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from pytest_paoding.gate.files.plain_files import open_plain
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.records.text.strict_json import MOST_BYTES, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading an entry raises that is none."""
_RECORD = "record.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """Ties the key, the content and the files of an entry to each other.

    Attributes:
        secret: Whoever has it can seal; without one, everybody can.
    """

    secret: bytes = b""

    def of(self, key: str, content: Any, files: Any) -> str:
        """Return the seal of an entry."""
        text = json.dumps([key, content, files], sort_keys=True, allow_nan=False)
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


def write_entry(
    folder: Path, key: str, content: Mapping[str, Any], *, files: Mapping[str, Path], seal: Seal
) -> None:
    """Write an entry into a new folder.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: The content is none of JSON.
    """
    folder.mkdir(parents=True)
    kept = {}
    for name, path in files.items():
        with path.open("rb") as file:
            kept[name] = _copied(file, folder / name)
    plain = json.loads(json.dumps(content, allow_nan=False))
    record = {"key": key, "content": plain, "files": kept, "seal": seal.of(key, plain, kept)}
    (folder / _RECORD).write_text(to_json(record), encoding="utf-8")


def read_entry(folder: Path, key: str, *, files: Mapping[str, Path], seal: Seal) -> dict[str, Any]:
    """Return the content of an entry, and copy its files.

    Args:
        folder: The entry.
        key: Its key.
        files: Where the files are to be copied to, by name.
        seal: Its seal.

    Raises:
        Exception: One of MALFORMED: there is no such entry, or it is not what was written.
    """
    if folder.is_symlink():
        raise ValueError(f"{key} is somewhere else")
    with _opened(folder / _RECORD, MOST_BYTES) as file:
        record = value_of(file.read(MOST_BYTES))
    content: dict[str, Any] = record["content"]
    whole = record["key"] == key
    if not whole or not hmac.compare_digest(seal.of(key, content, record["files"]), record["seal"]):
        raise ValueError(f"{key} is not what was written")
    for name, target in files.items():
        kept = record["files"][name]
        with _opened(folder / name, kept["bytes"]) as file:
            copied = _copied(file, target)
        if copied != kept:
            raise ValueError(f"{name} of {key} is not what was written")
    return content


def _copied(file: IO[bytes], target: Path) -> dict[str, Any]:
    """Copy a file; return its size and digest."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as copy:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += copy.write(block)
    return {"bytes": size, "sha256": digest.hexdigest()}


@contextmanager
def _opened(path: Path, most: int) -> Iterator[IO[bytes]]:
    """Open a plain file of at most so many bytes; a link, a FIFO or a device is none.

    Raises:
        ValueError: It is no such file.
        OSError: It cannot be read.
    """
    with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
        if os.fstat(file.fileno()).st_size > most:
            raise ValueError(f"{path} is not what was written")
        yield file
