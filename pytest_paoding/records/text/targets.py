"""Targets as people write them: what may stay of a model, such as `{ flops = "50%" }`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite
from typing import Literal, get_args

from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.printing import show
from pytest_paoding.records.text.quantities import Unit, as_given
from pytest_paoding.records.text.spelling import likely

Counted = Literal["flops", "parameters", "size"]
"""What a target counts."""

Target = Mapping[str, float]
"""What is counted, and how much of it may stay: a share below 1, or a whole number."""

COUNTED: tuple[Counted, ...] = get_args(Counted)
_TEXTS = "flops:50%, parameters:40000 or size:300kB"
_TABLES = '{ flops = "50%" }, { parameters = 40000 } or { size = "300 kB" }'
_FORMS = 'a share such as "50%", or a whole number, of flops, parameters or size'
_THOUSANDS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
_COUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([kMG]?)")
_PERCENT = 100


def read_target(value: object) -> dict[str, float]:
    """Read a target: a table of one key, or a text such as `size:300kB`.

    >>> read_target("flops:50%"), read_target({"parameters": "1.5M"})
    ({'flops': 0.5}, {'parameters': 1500000})

    Raises:
        ValueError: It is none; one line.
    """
    given = _of_text(value) if isinstance(value, str) else value
    if not isinstance(given, Mapping) or not given:
        such = _TEXTS if isinstance(value, str) else _TABLES
        raise ValueError(f"{as_given(value)} is not one target such as {such}: {_FORMS}")
    if len(given) > 1:
        raise _several(value, given)
    ((kind, amount),) = given.items()
    if kind not in COUNTED:
        raise ValueError(f"{as_given(value)} is not one target: {_unknown(kind)}")
    try:
        return {kind: _amount(kind, amount)}
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def _of_text(text: str) -> dict[str, str] | None:
    """Return the amount that a text gives by its kind, None where it names no kind.

    Raises:
        ValueError: It gives several, or an equals sign stands in the place of the colon.
    """
    kind, equals, amount = map(str.strip, text.partition("="))
    if equals and ":" not in text:
        raise ValueError(f'{text!r} is not one target: did you mean "{kind}:{amount}"?')
    kinds = [part.partition(":")[0].strip() for part in text.split(",") if ":" in part]
    if len(kinds) > 1:
        raise _several(text, kinds)
    kind, colon, amount = map(str.strip, text.partition(":"))
    return {kind: amount} if colon else None


def _several(value: object, kinds: Iterable[object]) -> ValueError:
    named = " and ".join(map(str, kinds))
    return ValueError(f"{as_given(value)} is not one target: of {named} only one may be given")


def _unknown(kind: object) -> str:
    return f"unknown kind {as_given(kind)}, {likely(str(kind), COUNTED)}"


def _amount(kind: str, value: object) -> float:
    """Return how much may stay: a share above 0 and below 1, or a whole number."""
    if _is_share(value):
        share = quantities.share(value)
        if 0 < share < 1:
            return share
        raise ValueError(f"{as_given(value)} is not above 0% and below 100%: all or nothing stays")
    number = _number(kind, value)
    if number <= _PERCENT:
        raise ValueError(f'{as_given(value)} is very little: did you mean "{number}%"?')
    return number


def _number(kind: str, value: object) -> int:
    """Return a whole number of what is counted."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
    if not number and not (isinstance(value, str) and re.search(r"\d", value)):
        such = '"300 kB"' if kind == "size" else "40000"
        raise ValueError(
            f'{as_given(value)} is neither a share such as "50%" nor a whole number such as {such}'
        )
    return quantities.size(value) if kind == "size" else _count(value)


def _is_share(value: object) -> bool:
    if isinstance(value, str) and value.rstrip().endswith("%"):
        return True
    return _is_bare(value) and 0 <= float(str(value)) < 1


def _is_bare(value: object) -> bool:
    """Whether a value is a number without a unit."""
    if isinstance(value, str):
        return re.fullmatch(r"\d+\.?\d*|\.\d+", value.strip()) is not None
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _count(value: object) -> int:
    """Return a whole number, also of a text such as "1.5M"."""
    match = _COUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return quantities.count(value)
    number = Decimal(match[1]) * _THOUSANDS[match[2]]
    if number > 0 and number == int(number):
        return int(number)
    raise ValueError(f"{as_given(value)} is not a positive whole number")


def shown_target(target: Target) -> str:
    """Return a target in words.

    >>> shown_target({"flops": 0.5}), shown_target({"size": 300000})
    ('50% of the flops', 'a size of 300.0 kB')
    """
    ((kind, amount),) = target.items()
    if amount < 1:
        return f"{100 * amount:g}% of the {kind}"
    return f"a size of {figure(kind, amount)}" if kind == "size" else figure(kind, amount)


def figure(kind: str, amount: float) -> str:
    """Return a figure of what a target counts, with its unit.

    >>> figure("flops", 1500), figure("size", 1500)
    ('1,500 flops', '1.5 kB')
    """
    if kind == "size":
        return show(amount, Unit.BYTES)
    return f"{int(amount):,} {kind}"
