"""Reading archives and JSON of unknown origin within bounds, which are known before a read.

Nothing here imports Keras or NumPy: an unchanged model shall be recognised without them.
"""

from __future__ import annotations

import io
import json
import stat
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pytest_paoding.errors import ModelFileError
from pytest_paoding.records.files.regular_files import NO_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_JSON = 1 << 25
"""Bytes of the largest configuration that is read; a million words of a vocabulary are fewer."""
_MOST_VALUES = 2_000_000
_MOST_AT_ONCE = 1 << 22
_BLOCK = 1 << 16
MOST_EXPANSION = 20
"""How many times the bytes that are stored those may be which a model unpacks to."""
_ALWAYS_ALLOWED = 1 << 26


class _WaryFile(io.BufferedReader):
    """A file that is never read by more than a few megabytes at once.

    The size of an archive's table of contents is what the archive says.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes.

        Raises:
            ValueError: They are too many.
        """
        most = _MOST_AT_ONCE + 1
        found = super().read(most if size is None or size < 0 else min(size, most))
        if len(found) == most:
            raise ValueError(f"more than {_MOST_AT_ONCE:,} bytes are to be read at once")
        return found


@contextmanager
def opened_archive(path: Path, *, expansion: int = MOST_EXPANSION) -> Iterator[ZipFile]:
    """Open a ZIP archive whose members are as large as they are declared to be, and not absurdly.

    Args:
        path: The archive.
        expansion: How many times its bytes it may unpack to, unless that is little.

    Cost: members that are compressed are decompressed once, a few bytes at a time.

    Raises:
        ModelFileError: They are larger, or the path leads to no file.
        Exception: Whatever reading a damaged file raises.
    """
    require_file(path)
    with _WaryFile(path.open("rb", buffering=0)) as file, ZipFile(file) as archive:
        members = archive.infolist()
        for each in members:
            refuse_expansion(path, each.filename, each.file_size, each.compress_size, expansion)
        declared = sum(each.file_size for each in members)
        refuse_expansion(path, "the archive", declared, path.stat().st_size, expansion)
        for each in members:
            if each.compress_type != ZIP_STORED:
                _require_honest(archive, each)
        yield archive


def require_file(path: Path) -> None:
    """Refuse a pipe, a device or a socket, of which there may be no end.

    Raises:
        ModelFileError: It is one.
        OSError: There is nothing, or nothing that may be looked at.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ModelFileError(f"{path}: {NO_FILE}: give the path of a file")


def _require_honest(archive: ZipFile, member: ZipInfo) -> None:
    """Refuse a member that unpacks to more than its header says, which readers trust.

    Readers of bzip2 and LZMA unpack a gigabyte from three kilobytes at once. Keras writes neither.
    """
    if member.compress_type != ZIP_DEFLATED:
        raise ValueError(f"{member.filename} is compressed by another method than deflate")
    longer = copy(member)
    longer.file_size += 1
    found = 0
    with archive.open(longer) as content:
        while block := content.read(_BLOCK):
            found += len(block)
    if found > member.file_size:
        raise ValueError(
            f"{member.filename} holds more than the {member.file_size:,} bytes it says"
        )


def refuse_expansion(
    path: Path, name: str, declared: int, stored: int, expansion: int = MOST_EXPANSION
) -> None:
    """Refuse what is too large for the bytes that stand for it, unless it is small anyway.

    Raises:
        ModelFileError: It is.
    """
    if declared > max(_ALWAYS_ALLOWED, expansion * stored):
        raise ModelFileError(
            f"{path}: {name!r} declares {declared:,} bytes and stores {stored:,}: "
            f"it is damaged or forged, save it again"
        )


def explained_by(stored: int, size: int) -> int:
    """Return how many values of a size may stand in bytes that are stored."""
    return MOST_EXPANSION * stored // max(size, 1)


def json_member(archive: ZipFile, name: str) -> Mapping[str, Any]:
    """Return the JSON object that a member of an archive holds.

    Raises:
        ValueError: It is larger than any configuration, or is none.
        KeyError: There is no such member.
    """
    size = archive.getinfo(name).file_size
    if size > MOST_JSON:
        raise ValueError(f"{name} of {size:,} bytes is larger than the {MOST_JSON:,} that are read")
    with archive.open(name) as member:
        return json_object(name, b"".join(iter(lambda: member.read(_BLOCK), b"")))


def json_object(name: str, text: Any) -> Mapping[str, Any]:
    """Return the JSON object in a text.

    Raises:
        ValueError: It is larger than any configuration, or holds none.
        TypeError: It is no text.
    """
    content = json_value(name, text)
    if not isinstance(content, dict):
        raise ValueError(f"{name} holds no object")  # noqa: TRY004 - the file is wrong, not a type
    return content


def json_value(name: str, text: Any) -> Any:
    """Return the JSON value in a text; raises as `json_object` does."""
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"{name} is no text")
    text = text.encode() if isinstance(text, str) else text
    if len(text) > MOST_JSON or sum(text.count(mark) for mark in (b",", b"[", b"{")) > _MOST_VALUES:
        raise ValueError(f"{name} is larger than any configuration")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply") from None
