"""What is wrong with settings, each fault as one line that says where it is and what was meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.config.configfile import TABLE
from pytest_paoding.records.text.jsonable import one_line
from pytest_paoding.records.text.spelling import close, likely

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import ValidationError

    from pytest_paoding.config.configfile import ConfigFile


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the keys of the tables around it, its own key, and what is wrong.

    A message of None means that the key is unknown.
    """

    tables: tuple[str, ...]
    key: str
    message: str | None


def faults_of(error: ValidationError) -> list[Fault]:
    """Return all faults of a validation, in the order of the tables' keys."""
    return [
        _fault(
            tuple(str(part) for part in details["loc"] if part != "[key]"),
            details["type"],
            details["msg"],
            details["input"],
        )
        for details in error.errors(include_url=False)
    ]


def _fault(place: tuple[str, ...], kind: str, message: str, given: object) -> Fault:
    text: str | None
    if kind == "extra_forbidden":
        text = None
    elif kind == "missing":
        text = "is missing"
    elif kind == "value_error":
        text = message.removeprefix("Value error, ")
    else:
        text = f"{message[0].lower()}{message[1:]}, not {given!r}"
    return Fault(place[:-1], place[-1] if place else "", text)


def in_file(fault: Fault, file: ConfigFile, known: Sequence[str], nested: Mapping[str, str]) -> str:
    """Return the line of a fault in a file's table, under the innermost header that the file has.

    Args:
        fault: The fault.
        file: The file.
        known: Keys of the table the fault is in.
        nested: Keys of tables in it, with the table: where one is put a level too high, the line
            says so.
    """
    header, inner = [*TABLE, *fault.tables], list[str]()
    while len(header) > len(TABLE) and file.line(header) is None:
        inner.insert(0, header.pop())
    key = dotted([*(part for part in inner if part not in nested.values()), fault.key])
    message = fault.message or _unknown(fault.key, known, nested)
    return f"{file.label}: [{dotted(header)}] {key}: {message}"


def dotted(keys: Iterable[str]) -> str:
    """Return keys as TOML joins them, in one line whatever they hold."""
    return ".".join(one_line(key) for key in keys)


def _unknown(key: str, known: Sequence[str], nested: Mapping[str, str]) -> str:
    if not close(key, known) and (meant := close(key, tuple(nested))):
        return f"unknown key, did you mean {meant}, in the table {nested[meant]}?"
    return f"unknown key, {likely(key, known)}"
