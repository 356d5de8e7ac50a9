"""Whether records that were read from elsewhere hold what their classes declare."""

from __future__ import annotations

from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import (
    Any,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pytest_paoding.records.text.jsonable import is_finite

_Record = TypeVar("_Record")
_NAMES = {"Path": Path}
"""What their modules import for annotations only."""


def checked(record: _Record) -> _Record:
    """Return a record, after a look at its fields and at those of records in them.

    Raises:
        TypeError: A field is of another type than is declared, or a number is not finite.
    """
    declared = _declared(type(record))  # type: ignore[arg-type]  # classes can be hashed
    for name, kind in declared.items():
        if not _is(getattr(record, name), kind):
            raise TypeError(f"{type(record).__name__}.{name} is of another type")
    return record


@cache
def _declared(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, localns=_NAMES)


def _is(value: Any, kind: Any) -> bool:
    origin = get_origin(kind)
    if origin is not None:
        return _holds(value, origin, get_args(kind))
    if kind is float:
        return (_is(value, int) or isinstance(value, float)) and is_finite(value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if Protocol in kind.__bases__:  # records serve it
        return is_dataclass(value) and checked(value) is value
    return isinstance(value, kind) and (not is_dataclass(value) or checked(value) is value)


def _holds(value: Any, origin: Any, inner: tuple[Any, ...]) -> bool:
    if origin in {Union, UnionType}:
        return any(_is(value, each) for each in inner)
    if origin is dict:
        return isinstance(value, dict) and all(_are(pair, inner) for pair in value.items())
    return isinstance(value, tuple) and _are(value, inner)


def _are(values: tuple[Any, ...], kinds: tuple[Any, ...]) -> bool:
    if kinds[1:] == (...,):
        kinds = kinds[:1] * len(values)
    return len(values) == len(kinds) and all(map(_is, values, kinds))
