"""Efforts: words for how long a pruning may take, or seconds."""

from __future__ import annotations

import re

from pytest_paoding.records.protocol import EFFORTS
from pytest_paoding.records.text.quantities import as_given, seconds
from pytest_paoding.records.text.spelling import close

SECONDS = {"quick": 10.0, "standard": 60.0, "thorough": 600.0}
"""Efforts by their names."""

_MOST = 100  # prunings that share an effort
_LONGEST_WORD = 20  # that may be meant for another
_COUNT = re.compile("[1-9][0-9]{0,2}")


def effort(value: object) -> str | float:
    """Return an effort by its name, or as a number of seconds, at most a week; it may be a text.

    A number behind a slash says how many prunings of the same model share what it leaves for their
    distillations.

    >>> effort("quick"), effort("10"), effort("quick/5")
    ('quick', 10.0, 'quick/5')

    Raises:
        ValueError: It is none; one line.
    """
    if isinstance(value, str) and "/" in value:
        return shared(*_parts(value))
    if isinstance(value, str) and value in EFFORTS:
        return value
    short = isinstance(value, str) and len(value) <= _LONGEST_WORD
    meant = close(str(value), EFFORTS) if short else None
    hint = f", did you mean {meant}?" if meant else ""
    return seconds(
        value, f"is neither of {', '.join(EFFORTS)} nor a positive number of seconds{hint}"
    )


def shared(whole: str | float, sharers: int) -> str:
    """Return the effort of one of several prunings that share another one, as a text.

    >>> shared("quick", 5), shared(10.0, 5), shared("quick/5", 5)
    ('quick/5', '10/5', 'quick/5')
    """
    return whole if isinstance(whole, str) and "/" in whole else f"{_told(whole)}/{sharers}"


def _told(whole: str | float) -> str:
    return whole if isinstance(whole, str) else f"{whole:.15g}"


def _parts(value: str | float) -> tuple[str | float, int]:
    if not isinstance(value, str) or "/" not in value:
        return effort(value), 1
    whole, _, sharers = value.partition("/")
    if not (_COUNT.fullmatch(sharers) and int(sharers) <= _MOST):
        raise ValueError(f"{as_given(value)} does not end in how many share it, 1 to {_MOST}")
    return effort(whole), int(sharers)


def seconds_and_sharers(value: str | float) -> tuple[float, int]:
    """Return the seconds of a whole effort, and how many share it.

    >>> seconds_and_sharers("quick/5"), seconds_and_sharers(12.5)
    ((10.0, 5), (12.5, 1))

    Raises:
        ValueError: It is none; one line.
    """
    whole, sharers = _parts(value)
    return (SECONDS[whole] if isinstance(whole, str) else float(whole)), sharers
