"""JSON of unknown origin, held to what other programs can read too, and to a size.

Python reads more than JSON is: NaN, halves of characters, numbers that no float holds, nesting that
whoever walks it does not survive, and keys that stand in one object twice, of which those who read
the text see the first and those who read the value get the last.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ConfigError
from pytest_paoding.records.files.regular_files import open_regular
from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 1 << 26
"""Bytes of the largest document; those of the largest gates are a few million."""
_MOST_MARKS = 4_000_000
"""Commas and brackets: values of two bytes each would occupy forty times the bytes of the text."""
_DEEPEST = 64
_LARGEST = 1 << 63
_CONFLICT = re.compile(rb"^<<<<<<< ", re.MULTILINE)


def read_json(path: Path, *, label: str | None = None, remedy: str = "", instead: str = "") -> Any:
    """Return the JSON document in a file.

    Args:
        path: The file.
        label: Its name in messages; by default its path.
        remedy: What to do where it holds no JSON.
        instead: What to do instead of resolving a conflict.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: It cannot be read or is no JSON; one line.
    """
    label = printable(label or str(path))
    try:
        content = bounded_bytes(path)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # a null character in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{label}: cannot be read: {reason}") from error
    return document_of(content, label=label, remedy=remedy, instead=instead, most=MOST_BYTES)


def document_of(
    content: bytes, *, label: str, remedy: str = "", instead: str = "", most: int = MOST_BYTES
) -> Any:
    """Return the JSON document that is the content of a file.

    Args:
        content: What was read of it.
        label: Its name in messages.
        remedy: What to do where it holds no JSON.
        instead: What to do instead of resolving a conflict.
        most: Bytes that it may have.

    Raises:
        ConfigError: It is no JSON; one line.
    """
    if _CONFLICT.search(content):
        raise ConfigError(f"{label}: has merge conflict markers: resolve them{instead}")
    try:
        return value_of(content, most)
    except ValueError as error:
        raise ConfigError(f"{label}: is not valid JSON: {error}{remedy}") from error


def bounded_bytes(path: Path) -> bytes:
    """Return the bytes of a file, of one that is larger just more than `value_of` takes.

    Raises:
        OSError: It cannot be read, or is a pipe or a device.
    """
    with open_regular(path) as file:
        return file.read(MOST_BYTES + 1)


def value_of(content: bytes, most: int = MOST_BYTES) -> Any:
    """Return the JSON value in bytes, at most so many.

    Cost: at most a gigabyte of memory, whatever the bytes are.

    Raises:
        ValueError: They hold none, or one that is too large or nested too deeply; one line.
    """
    require_bounded(content, most)
    try:
        document = json.loads(
            content.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_whole,
        )
        _require_text(document, _DEEPEST)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return document


def require_bounded(content: bytes, most: int = MOST_BYTES) -> None:
    """Refuse what is larger than any document, or would be once it is read.

    Raises:
        ValueError: It is.
    """
    if len(content) > most:
        raise ValueError(f"is larger than {most:,} bytes")
    if sum(map(content.count, (b",", b"[", b"{"))) > _MOST_MARKS:
        raise ValueError(f"holds more than {_MOST_MARKS:,} values")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {name[:40]!r} stands in one object twice")
    return found


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is beyond all numbers")
    return number


def _whole(text: str) -> int:
    if len(text) > len(str(_LARGEST)) or abs(int(text)) > _LARGEST:
        raise ValueError(f"{text[:20]}... is beyond the whole numbers of 64 bits")
    return int(text)


def _require_text(value: Any, deepest: int) -> None:
    """Refuse texts that are none and what is nested too deeply.

    Raises:
        ValueError: There is such a thing.
    """
    if isinstance(value, str):
        if not value.isascii():
            value.encode()
    elif isinstance(value, (dict, list)):
        if not deepest:
            raise ValueError("is nested too deeply")
        for each in value:
            _require_text(each, deepest - 1)
        for each in value.values() if isinstance(value, dict) else ():
            _require_text(each, deepest - 1)
