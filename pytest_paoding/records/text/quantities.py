"""Quantities as people write them ("50%", "512 kB", 60000), read strictly.

An ambiguous text is refused with what it could mean: guessing wrong would move a limit by a factor
of a hundred or of 1024/1000 without anybody noticing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real

_LEAST_CONFIDENCE = 0.5
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)")
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
    """Of samples, 0 to 1; also differences of such shares (points)."""
    RETENTION = "retention"
    """After / before; may exceed 1."""
    PERCENT = "percent"
    """Of something that is counted, 0 to 1, printed as 55.0%."""
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
        return float(_number(value, 'a number such as "0.5"')[0])
    return share(value, most=2.0 if unit is Unit.RETENTION else 1.0)


def share(value: object, *, most: float = 1.0) -> float:
    """Return a share: 0.5, "0.5" and "50%" are the same; 1 and 50 are refused as ambiguous.

    Raises:
        ValueError: `value` is no share between 0 and `most`.
    """
    expected = f'a share between 0 and {most:g} or a percentage such as "50%"'
    number, percent, whole = _number(value, expected)
    if percent:
        number /= 100
    elif number == 1 and whole:
        raise ValueError(f'{_as_given(value)} could mean "1%" or "100%": write one of them')
    if 0 <= number <= Decimal(most):
        return float(number)
    meant = not percent and 1 < number <= 100 * Decimal(most)
    hint = f', did you mean "{number}%"?' if meant else ""
    raise ValueError(f"{_as_given(value)} is not {expected}{hint}")


def ratio(value: object) -> float:
    """Return a ratio of pruning, above 0 and below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    number = share(value)
    if 0 < number < 1:
        return number
    raise ValueError(
        f"{_as_given(value)} is not a share above 0 and below 1: it would prune nothing or all"
    )


def size(value: object) -> int:
    """Return a size in bytes; kB is 1000 bytes, KiB is 1024, other spellings are refused.

    Raises:
        ValueError: `value` is no positive size.
    """
    expected = 'a size such as 300000, "300 kB" or "512 KiB"'
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        number = Decimal(match[1]) * _size_unit(match[2])
    else:
        number, percent, _ = _number(value, expected)
        if percent:
            raise ValueError(
                f"{_as_given(value)} is not {expected}; a share belongs into min_size_reduction"
            )
    if number <= 0 or number != int(number):
        raise ValueError(f"{_as_given(value)} is not a positive whole number of bytes")
    return int(number)


def count(value: object) -> int:
    """Return a positive whole number, such as a number of parameters.

    Raises:
        ValueError: `value` is no such number.
    """
    number, percent, _ = _number(value, "a whole number such as 60000")
    if percent or number <= 0 or number != int(number):
        hint = "; a share belongs into a min_..._removed or min_..._reduction budget"
        raise ValueError(
            f"{_as_given(value)} is not a positive whole number" + (hint if percent else "")
        )
    return int(number)


def step(value: object) -> float:
    """Return the share of the units that goes in one round, above 0 and at most 1.

    Raises:
        ValueError: `value` is no such share.
    """
    number = share(value)
    if number > 0:
        return number
    raise ValueError(f"{_as_given(value)} prunes nothing: a step is a share above 0")


def confidence(value: object) -> float:
    """Return how sure something must be, at least 0.5 and below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    number = share(value)
    if _LEAST_CONFIDENCE <= number < 1:
        return number
    raise ValueError(f"{_as_given(value)} is not a confidence from 0.5 to below 1, such as 0.95")


def shares(value: object) -> dict[str, float]:
    """Return shares from 0 to below 1 by pattern of layer names.

    Raises:
        ValueError: `value` is no such table; the pattern is named.
    """
    if isinstance(value, Mapping):
        return {str(pattern): _partial(str(pattern), given) for pattern, given in value.items()}
    raise ValueError(
        f"{_as_given(value)} is not a table of shares by layer pattern, such as"
        ' { "block1_*" = "25%" }'
    )


def _partial(pattern: str, value: object) -> float:
    try:
        return part(value)
    except ValueError as error:
        raise ValueError(f"{pattern!r}: {error}") from None


def factor(value: object) -> float:
    """Return a factor above 1.

    Raises:
        ValueError: `value` is no such number.
    """
    number = float(_number(value, "a factor above 1 such as 3")[0])
    if number > 1:
        return number
    raise ValueError(f"{_as_given(value)} is not a factor above 1")


def part(value: object) -> float:
    """Return a share from 0 to below 1.

    Raises:
        ValueError: `value` is no such share.
    """
    number = share(value)
    if number < 1:
        return number
    raise ValueError(f"{_as_given(value)} would leave nothing: a share is below 1")


def patterns(value: object) -> tuple[str, ...]:
    """Return patterns of layer names: one, or several.

    Raises:
        ValueError: `value` is not that, or empty.
    """
    given = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if given and all(isinstance(each, str) and each for each in given):
        return given
    raise ValueError(f'{_as_given(value)} is not a list of layer patterns such as ["block1_*"]')


def strengths(value: object) -> tuple[float, ...]:
    """Return the strengths of an attack: one number or several different ones, all above 0.

    Raises:
        ValueError: `value` is not that.
    """
    given = value if isinstance(value, (list, tuple)) else [value]
    found = tuple(_finite(epsilon) for epsilon in given)
    if found and min(found) > 0 and len(set(found)) == len(found):
        return found
    raise ValueError(f"{_as_given(value)} is not a list of different attack strengths above 0")


def input_range(value: object) -> tuple[float, float] | dict[str, tuple[float, float]]:
    """Return what a legal input may be: a pair of low and high, or such a pair by input name.

    Raises:
        ValueError: `value` is neither, or low is not below high.
    """
    if isinstance(value, dict) and value:
        return {str(name): _interval(pair) for name, pair in value.items()}
    return _interval(value)


def _interval(value: object) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise ValueError(f"{_as_given(value)} is not a pair of low and high such as [0.0, 1.0]")
    low, high = (_finite(bound) for bound in value)
    if low < high:
        return low, high
    raise ValueError(f"[{low:g}, {high:g}] is empty: low must be below high")


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{_as_given(value)} is not a finite number")
    return float(value)


def _number(value: object, expected: str) -> tuple[Decimal, bool, bool]:
    """Return the number, whether a percent sign followed, and whether it was written as whole."""
    if isinstance(value, str):
        text = value.strip()
        percent = text.endswith("%")
        text = text.removesuffix("%").rstrip()
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{_as_given(value)} is not {expected}")
    elif isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"{_as_given(value)} is not {expected}")  # noqa: TRY004 - pydantic reports ValueError
    else:
        text, percent = str(int(value) if isinstance(value, Integral) else float(value)), False
    if not math.isfinite(float(text)):
        raise ValueError(f"{_as_given(value)} is not {expected}")
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


def _as_given(value: object) -> str:
    """Return a value for one line of a message: numbers plainly, also those of NumPy."""
    return str(value) if isinstance(value, Real) else repr(value)
