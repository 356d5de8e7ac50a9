"""The arguments of a pruning, checked before any work is done."""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.errors import PruningError
from pytest_paoding.records.text.efforts import effort
from pytest_paoding.records.text.quantities import LEAST_STEP, part, step
from pytest_paoding.records.text.targets import read_target

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_share(name: str, value: Any, *, zero: bool) -> float:
    """Return a share as a float.

    Args:
        name: Name of the argument.
        value: Its value, a number or a text such as "50%".
        zero: Whether it may be 0 but not 1 (a ratio), or 1 but not 0 nor almost (a step).

    Raises:
        PruningError: The value is not a number in its range.
    """
    read = part if zero else step
    if _is_number(value) or isinstance(value, str):
        with suppress(ValueError):
            return read(value if isinstance(value, str) else float(value))
    span = "[0, 1)" if zero else f"[{LEAST_STEP}, 1]"
    likely = _is_number(value) and 1 < value < 100  # noqa: PLR2004 # per cent
    meant = f', did you mean {value / 100:g} or "{value:g}%"?' if likely else ""
    raise PruningError(
        f'{name} must be a share in {span}, or a text such as "50%", not {value!r}{meant}'
    )


def check_target(ratio: Any, target: Any) -> dict[str, float] | None:
    """Return a target, None where a ratio is given in its place.

    Raises:
        PruningError: Both are given or neither is, or the target is none.
    """
    if (ratio is None) == (target is None):
        both = "neither is given" if ratio is None else "both are given"
        raise PruningError(f"a pruning needs a ratio or a target: {both}")
    if target is None:
        return None
    try:
        return read_target(target)
    except ValueError as error:
        raise PruningError(f"target: {error}") from None


def check_seed(value: Any) -> int:
    """Return a seed.

    Raises:
        PruningError: The value is not a whole number from 0.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0:
        return int(value)
    raise PruningError(f"seed must be a whole number from 0, not {value!r}")


def check_jump(value: Any) -> float | None:
    """Return the factor of a jump between scores, None for no limit.

    Raises:
        PruningError: The value is not a number above 1.
    """
    if value is None:
        return None
    if _is_number(value) and value > 1:
        return float(value)
    raise PruningError(f"jump must be a number above 1, not {value!r}")


def check_effort(value: Any) -> str | float:
    """Return an effort by its name, or as a number of seconds.

    Raises:
        PruningError: The value is neither.
    """
    try:
        return effort(value)
    except ValueError as error:
        raise PruningError(f"effort: {error}") from None


def listed(patterns: str | Iterable[str]) -> tuple[str, ...]:
    """Return one pattern or several as a tuple."""
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def check_choice(name: str, value: Any, known: tuple[str, ...]) -> str:
    """Return a value that is one of several words.

    Raises:
        PruningError: The value is none of them.
    """
    if value in known:
        return str(value)
    raise PruningError(f"unknown {name} {value!r}, known are {', '.join(known)}")


def _is_number(value: Any) -> bool:
    kind = isinstance(value, (int, float, np.integer, np.floating))
    return kind and not isinstance(value, bool) and isfinite(value)
