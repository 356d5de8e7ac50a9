"""How settings are read that are no quantities: names, references, lists of known words."""

from __future__ import annotations

import re
from typing import Any

from pytest_paoding.records import strategy_names
from pytest_paoding.records.protocol import CORRUPTIONS, MEASURES
from pytest_paoding.records.text.spelling import likely


def strategy(value: object) -> str:
    """Return the name of a known strategy.

    Raises:
        ValueError: There is none of that name.
    """
    name = strategy_names.ALIASES.get(str(value), str(value))
    if name in strategy_names.NAMES:
        return name
    raise ValueError(f"{value!r} is no strategy, {likely(name, strategy_names.NAMES)}")


def data(value: object) -> object:
    """Return where data comes from.

    Raises:
        ValueError: `value` is no such reference.
    """
    if isinstance(value, str) and re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", value):
        return value
    raise ValueError(f"{value!r} is not of the form 'package.module:callable'")


def calibration(value: object) -> object:
    """Return inputs, or where they come from.

    Raises:
        ValueError: `value` is neither.
    """
    return data(value) if isinstance(value, (str, int, float)) else value


def named(value: object) -> object:
    """Return a table for an attack that is given by its name alone."""
    return {"name": value} if isinstance(value, str) else value


def corruptions(value: object) -> tuple[str, ...]:
    """Return kinds of corruption: different ones that are known, or none.

    Raises:
        ValueError: `value` is no list of such.
    """
    found = _different(value)
    if found is not None and all(kind in CORRUPTIONS for kind in found):
        return tuple(str(kind) for kind in found)
    known = ", ".join(CORRUPTIONS)
    raise ValueError(f"{value!r} is not a list of different corruptions, known are {known}")


def measures(value: object) -> tuple[str, ...]:
    """Return what else is measured: different words that are known.

    Raises:
        ValueError: `value` is no list of such.
    """
    found = _different(value.split(",") if isinstance(value, str) else value)
    if found is not None and all(name in MEASURES for name in found):
        return tuple(str(name) for name in found)
    raise ValueError(f"{value!r} is not a list of some of {', '.join(MEASURES)}")


def severities(value: object) -> tuple[int, ...]:
    """Return severities of corruption: different whole numbers from 1 to 5, at least one.

    Raises:
        ValueError: `value` is no list of such.
    """
    found = _different(value)
    if found and all(type(each) is int and each in range(1, 6) for each in found):
        return found
    raise ValueError(f"{value!r} is not a list of different severities from 1 to 5")


def _different(value: object) -> tuple[Any, ...] | None:
    """Return the items of a list of which no two are the same, None if it is none."""
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(value) if len({repr(each) for each in value}) == len(value) else None
