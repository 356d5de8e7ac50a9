"""Quantities as people write them ("50%", "512 kB", 60000), read strictly.

An ambiguous text is refused with what it could mean: guessing wrong would move a limit by a factor
of a hundred or of 1024/1000 without anybody noticing.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST_CONFIDENCE = 0.5
LEAST_STEP = 0.001
"""Share that goes in one round at least: rounds cost the more time the more there are."""
_TWICE, _TENFOLD, _CENT = 2, 10, 100
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)", re.ASCII)
_LONGEST_TEXT = 100  # of a number: nobody writes more digits
_LONGEST_ECHO = 120
LONGEST = 7 * 24 * 60 * 60
"""Seconds that anything may be given, a week: what is longer was hardly meant."""
SIZES = {
    "": 1,
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}


class Unit(Enum):
    """How a metric's values are read and printed."""

    SHARE = "share"
    """Share of samples, 0 to 1; also a difference of two such shares (points)."""
    RETENTION = "retention"
    """After / before; may exceed 1."""
    PERCENT = "percent"
    """Share of something counted, 0 to 1, printed as 55.0%."""
    COUNT = "count"
    BYTES = "bytes"
    MILLISECONDS = "milliseconds"
    PLAIN = "plain"
    """Any finite number, of a metric this package does not know."""


def read(value: object, unit: Unit) -> float:
    """Return `value`, a number or a text, as a number in `unit`.

    Raises:
        ValueError: `value` is malformed, ambiguous or senseless; one line that says what was meant.
    """
    if unit is Unit.BYTES:
        return size(value)
    if unit is Unit.COUNT:
        return count(value)
    if unit in {Unit.PLAIN, Unit.MILLISECONDS}:
        number, percent, _ = _number(value, 'a number such as "0.5"')
        return float(number / 100 if percent else number)
    return multiple(value) if unit is Unit.RETENTION else share(value)


def multiple(value: object) -> float:
    """Return a part or a multiple: 2.5 and "250%" are the same; 1, 3 and 50.5 are ambiguous.

    Raises:
        ValueError: `value` is below 0, or may be meant as a percentage.
    """
    expected = 'a factor such as 0.5 or 2.5, or a percentage such as "50%"'
    number, percent, whole = _number(value, expected)
    if percent and number >= 0:
        return float(number / 100)
    if whole and (number == 1 or _TWICE < number < _TENFOLD):
        raise ValueError(
            f'{as_given(value)} could mean "{number}%" or "{100 * number}%": write one of them'
        )
    if 0 <= number < _TENFOLD:
        return float(number)
    hint = f', did you mean "{number}%"?' if number > 0 else ""
    raise ValueError(f"{as_given(value)} is not {expected}{hint}")


def share(value: object) -> float:
    """Return a share: 0.5, "0.5" and "50%" are the same; 1 and 50 are refused as ambiguous.

    Raises:
        ValueError: `value` is no share between 0 and 1.
    """
    expected = 'a share between 0 and 1 or a percentage such as "50%"'
    number, percent, whole = _number(value, expected)
    if percent:
        number /= 100
    elif number == 1 and whole:
        raise ValueError(f'{as_given(value)} could mean "1%" or "100%": write one of them')
    if 0 <= number <= 1:
        return float(number)
    meant = not percent and 1 < number <= _CENT
    hint = f', did you mean "{number}%"?' if meant else ""
    raise ValueError(f"{as_given(value)} is not {expected}{hint}")


def ratio(value: object) -> float:
    """Return a ratio of pruning, above 0 and below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    wrong = "is not a share above 0 and below 1: it would prune nothing or all"
    return _share_where(lambda number: 0 < number < 1, value, wrong)


def part(value: object) -> float:
    """Return a share from 0 to below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    wrong = "would leave nothing: a share is below 1"
    return _share_where(lambda number: number < 1, value, wrong)


def step(value: object) -> float:
    """Return the share of the units that goes in one round, at least 0.001 and at most 1.

    Raises:
        ValueError: `value` is no such share.
    """
    wrong = f"prunes next to nothing: a step is a share of at least {LEAST_STEP}"
    return _share_where(lambda number: number >= LEAST_STEP, value, wrong)


def confidence(value: object) -> float:
    """Return how sure something must be, at least 0.5 and below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    wrong = "is not a confidence from 0.5 to below 1, such as 0.95"
    return _share_where(lambda number: _LEAST_CONFIDENCE <= number < 1, value, wrong)


def _share_where(fits: Callable[[float], bool], value: object, wrong: str) -> float:
    number = share(value)
    if fits(number):
        return number
    raise ValueError(f"{as_given(value)} {wrong}")


def seconds(value: object, wrong: str = "is not a positive number of seconds") -> float:
    """Return a number of seconds, which may be a text; at most a week.

    >>> seconds(600), seconds("0.5")
    (600.0, 0.5)

    Args:
        value: The number.
        wrong: What is said of what is none.

    Raises:
        ValueError: `value` is no positive number, or more than a week; one line.
    """
    found = 0.0
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        found = float(value)
    elif not isinstance(value, (bool, str)) and isinstance(value, Real):
        try:
            found = float(value)
        except OverflowError:  # a whole number beyond the largest float
            found = 0.0 if value <= 0 else math.inf
    if found > LONGEST:
        raise ValueError(f"{as_given(value)} is more than a week, {LONGEST:,} seconds")
    if found > 0:
        return found
    raise ValueError(f"{as_given(value)} {wrong}")


def size(value: object) -> int:
    """Return a size in bytes; kB is 1000 bytes, KiB is 1024, other spellings are refused.

    Raises:
        ValueError: `value` is no positive size.
    """
    expected = 'a size such as 300000, "300 kB" or "512 KiB"'
    text = value.strip() if isinstance(value, str) else ""
    if len(text) <= _LONGEST_TEXT and (match := _SIZE.fullmatch(text)):
        number = Decimal(match[1]) * _size_unit(match[2])
    else:
        number, percent, _ = _number(value, expected)
        if percent:
            raise ValueError(
                f"{as_given(value)} is not {expected}; a share belongs in min_size_reduction"
            )
    if number <= 0 or number != int(number):
        raise ValueError(f"{as_given(value)} is not a positive whole number of bytes")
    return int(number)


def count(value: object) -> int:
    """Return a positive whole number, such as a number of parameters.

    Raises:
        ValueError: `value` is no such number.
    """
    number, percent, _ = _number(value, "a whole number such as 60000")
    if percent or number <= 0 or number != int(number):
        hint = "; a share belongs in a min_..._removed or min_..._reduction budget"
        raise ValueError(
            f"{as_given(value)} is not a positive whole number" + (hint if percent else "")
        )
    return int(number)


def factor(value: object) -> float:
    """Return a factor above 1.

    Raises:
        ValueError: `value` is no such number.
    """
    number = float(_number(value, "a factor above 1 such as 3")[0])
    if number > 1:
        return number
    raise ValueError(f"{as_given(value)} is not a factor above 1")


def finite(value: object) -> float:
    """Return a number that is finite.

    Raises:
        ValueError: `value` is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not _is_finite(value):
        raise ValueError(f"{as_given(value)} is not a finite number")
    return float(value)


def _is_finite(value: Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond the largest float
        return False


def _number(value: object, expected: str) -> tuple[Decimal, bool, bool]:
    """Return the number, whether a percent sign followed, and whether it was written as whole."""
    if isinstance(value, str):
        text = value.strip()
        percent = text.endswith("%")
        text = text.removesuffix("%").rstrip()
        if len(text) > _LONGEST_TEXT or not _NUMBER.fullmatch(text):
            raise ValueError(f"{as_given(value)} is not {expected}")
    elif isinstance(value, bool) or not isinstance(value, Real) or not _is_finite(value):
        raise ValueError(f"{as_given(value)} is not {expected}")
    else:
        text, percent = str(int(value) if isinstance(value, Integral) else float(value)), False
    if not math.isfinite(float(text)):
        raise ValueError(f"{as_given(value)} is not {expected}")
    return Decimal(text), percent, "." not in text and "e" not in text.lower()


def _size_unit(name: str) -> int:
    if name in SIZES:
        return SIZES[name]
    letter = name[:1].upper()
    if name.upper() in {letter, f"{letter}B", f"{letter}IB"} and letter in "KMG":
        thousands = "kB" if letter == "K" else f"{letter}B"
        raise ValueError(
            f"unknown unit {name!r}, did you mean {thousands} ({SIZES[thousands]} bytes)"
            f" or {letter}iB ({SIZES[letter + 'iB']} bytes)?"
        )
    raise ValueError(f"unknown unit {name!r}, known are {', '.join(filter(None, SIZES))}")


def as_given(value: object) -> str:
    """Return a value for one short line of a message: numbers plainly, also those of NumPy.

    Whatever the value is: a number of more digits than Python writes, code that raises, an array of
    many lines, or a text without end, of which the beginning tells which it is.
    """
    try:
        text = str(value) if isinstance(value, Real) else repr(value)
    except Exception:  # noqa: BLE001 - the code of others, or Python's bound of digits
        return f"something of the type {type(value).__name__!r}"
    text = " ".join(text.split("\n")) if "\n" in text else text
    return text if len(text) <= _LONGEST_ECHO else f"{text[: _LONGEST_ECHO - 3]}..."
