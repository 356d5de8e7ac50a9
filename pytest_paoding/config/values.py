"""Readers of settings that are more than one quantity: words, references, lists and tables.

Each takes what a table, a keyword or the command line gives: a text stands for a list with commas
between its items. What is wrong is a ValueError of one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.word_lists import parted, require_matched_soon
from pytest_paoding.records import strategy_names
from pytest_paoding.records.protocol import CORRUPTIONS, INPUT_KINDS, MEASURES
from pytest_paoding.records.text.quantities import as_given, count, finite, part
from pytest_paoding.records.text.spelling import likely

if TYPE_CHECKING:
    from collections.abc import Callable

_SEEDS = 2**32
_MOST = 2**31 - 1
"""The largest number that counts or measures parts of one model."""


def one_of(words: tuple[str, ...]) -> Callable[[object], str]:
    """Return the reader of a word that is one of several."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        *most, last = map(repr, words)
        raise ValueError(f"input should be {', '.join(most)} or {last}, not {value!r}")

    return read


_kind = one_of(INPUT_KINDS)


def flag(value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    raise ValueError(f"input should be a valid boolean, not {value!r}")


def name(value: object) -> str:
    """Return a text that is not empty, such as a path."""
    if not isinstance(value, str):
        raise ValueError(f"input should be a valid string, not {value!r}")  # noqa: TRY004 - Pydantic reports ValueError
    if not value:
        raise ValueError("string should have at least 1 character, not ''")
    if "\0" in value:
        raise ValueError(f"{value!r} holds a null character, which no path can")
    return value


def positive(value: object) -> int:
    """Return a whole number from 1."""
    number = count(value) if isinstance(value, str) else _whole(value, least=1)
    if number <= _MOST:
        return number
    raise ValueError(f"input should be less than or equal to {_MOST}, not {value!r}")


def seed(value: object) -> int:
    """Return a seed."""
    number = _whole(value, least=0)
    if number < _SEEDS:
        return number
    raise ValueError(f"input should be less than {_SEEDS}, not {value!r}")


def seed_text(text: str) -> int:
    """Return a seed from the command line."""
    if text.isdecimal() and int(text) < _SEEDS:
        return int(text)
    raise ValueError(f"{text!r} is not a seed from 0 to {_SEEDS - 1}")


def _whole(value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"input should be a valid integer, not {value!r}")  # noqa: TRY004 - Pydantic reports ValueError
    if value < least:
        raise ValueError(f"input should be greater than or equal to {least}, not {value!r}")
    return value


def strategy(value: object) -> str:
    """Return the name of a known strategy."""
    known = strategy_names.ALIASES.get(str(value), str(value))
    if known in strategy_names.NAMES:
        return known
    raise ValueError(f"{value!r} is no strategy, {likely(known, strategy_names.NAMES)}")


def data(value: object) -> str:
    """Return a reference to what gives data."""
    if isinstance(value, str) and re.fullmatch(r"\w+(\.\w+)*:\w+(\.\w+)*", value):
        return value
    raise ValueError(f"{value!r} is not of the form 'package.module:callable'")


def calibration(value: object) -> object:
    """Return inputs, which only code can give, or a reference to what gives them."""
    return data(value) if isinstance(value, (str, int, float)) else value


def attack_table(value: object) -> object:
    """Return the table of an attack, also of one that is given by its name alone."""
    return {"name": value} if isinstance(value, str) else value


def corruption_table(value: object) -> object:
    """Return the table of corruptions; an empty one asks for every kind."""
    return {"kinds": CORRUPTIONS} if value == {} else value


def corruptions(value: object) -> tuple[str, ...]:
    """Return kinds of corruption: a list of different ones that are known, or of none."""
    found = _different(value)
    if found is not None and all(kind in CORRUPTIONS for kind in found):
        return tuple(str(kind) for kind in found)
    known = ", ".join(CORRUPTIONS)
    raise ValueError(f"{value!r} is not a list of different corruptions, known are {known}")


def corruption_words(text: str) -> tuple[str, ...]:
    """Return kinds of corruption from the command line, where "all" and "off" are words too."""
    words: dict[str, tuple[str, ...]] = {"all": CORRUPTIONS, "off": ()}
    return words[text] if text in words else corruptions(text.split(","))


def measures(value: object) -> tuple[str, ...]:
    """Return what else is measured: different words that are known."""
    found = _different(parted(value))
    if found is not None and all(word in MEASURES for word in found):
        return tuple(str(word) for word in found)
    raise ValueError(f"{value!r} is not a list of some of {', '.join(MEASURES)}")


def severities(value: object) -> tuple[int, ...]:
    """Return severities of corruption: different whole numbers from 1 to 5, at least one."""
    found = _different(value)
    if isinstance(value, str) and re.fullmatch(r"\d(,\d)*", value):
        found = _different([int(each) for each in value.split(",")])
    if found and all(type(each) is int and each in range(1, 6) for each in found):
        return found
    raise ValueError(f"{value!r} is not a list of different severities from 1 to 5")


def strengths(value: object) -> tuple[float, ...]:
    """Return the strengths of an attack: one number or several different ones, all above 0."""
    several = _numbers(value, "0.01,0.05") if isinstance(value, str) else value
    given = several if isinstance(several, (list, tuple)) else [several]
    found = tuple(finite(epsilon) for epsilon in given)
    if found and min(found) > 0 and len(set(found)) == len(found):
        return found
    raise ValueError(f"{as_given(value)} is not a list of different attack strengths above 0")


def names(value: object) -> tuple[str, ...]:
    """Return names of gates, or none."""
    given = [each for each in value.split(",") if each] if isinstance(value, str) else value
    if isinstance(given, (list, tuple)) and all(isinstance(each, str) and each for each in given):
        return tuple(given)
    raise ValueError(f"{as_given(value)} is not a list of names of gates")


def shares(value: object) -> dict[str, float]:
    """Return shares from 0 to below 1 by pattern of layer names, also of `block1_*=25%,head=0`."""
    given = dict(map(_assignment, value.split(","))) if isinstance(value, str) else value
    if isinstance(given, Mapping):
        require_matched_soon(list(map(str, given)))
        return {str(pattern): _share(str(pattern), each) for pattern, each in given.items()}
    raise ValueError(
        f"{as_given(value)} is not a table of shares by layer pattern, such as"
        ' { "block1_*" = "25%" }'
    )


def _assignment(text: str) -> tuple[str, str]:
    pattern, found, given = text.rpartition("=")
    if found:
        return pattern, given
    raise ValueError(f"{text!r} is not of the form PATTERN=SHARE")


def _share(pattern: str, value: object) -> float:
    try:
        return part(value)
    except ValueError as error:
        raise ValueError(f"{pattern!r}: {error}") from None


def input_range(value: object) -> tuple[float, float] | dict[str, tuple[float, float]]:
    """Return what a legal input may be: a pair of low and high, or such a pair by input name.

    A text is `0,1`, or `image=0,1,mask=-1,1`.
    """
    given = _by_input(value, "0,1") if isinstance(value, str) else value
    if isinstance(given, dict) and given:
        return {str(name): _interval(pair) for name, pair in given.items()}
    return _interval(given)


def input_kind(value: object) -> str | dict[str, str]:
    """Return what inputs hold: one of the known kinds, or that by input name.

    A text is `picture`, or `image=picture,words=tokens`.
    """
    return one_or_by_name(value, _kind)


def one_or_by_name(value: object, read: Callable[[object], str]) -> str | dict[str, str]:
    """Return one word for all, or words by name: a table, or a text such as `a=word,b=other`."""
    if isinstance(value, str) and "=" in value:
        value = named_parts(value)
    if isinstance(value, dict) and value:
        return {str(name): read(each) for name, each in value.items()}
    return read(value)


def named_parts(text: str) -> dict[str, str]:
    """Return what a text such as `a=1,b=2` gives by name."""
    return dict(each.rpartition("=")[::2] for each in text.split(","))


def input_shape(value: object) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """Return the shape of an input without the batch, or such a shape by input name.

    A text is `32,32,3`, or `image=32,32,3,words=50`.
    """
    given = _by_input(value, "32,32,3") if isinstance(value, str) else value
    if isinstance(given, dict) and given:
        return {str(name): _shape(shape) for name, shape in given.items()}
    return _shape(given)


def _shape(value: object) -> tuple[int, ...]:
    if isinstance(value, (list, tuple)) and value and all(_is_length(each) for each in value):
        return tuple(int(each) for each in value)
    raise ValueError(f"{as_given(value)} is not a shape of whole numbers such as [32, 32, 3]")


def _is_length(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 < value <= _MOST and value == int(value)


def _by_input(text: str, example: str) -> list[float] | dict[str, list[float]]:
    first, *named = re.split(r"(?:^|,)([^,=]+)=", text)
    if first or not named:
        return _numbers(text, example)
    pairs = zip(named[::2], named[1::2], strict=True)
    return {name: _numbers(each, example) for name, each in pairs}


def _interval(value: object) -> tuple[float, float]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise ValueError(f"{as_given(value)} is not a pair of low and high such as [0.0, 1.0]")
    low, high = (finite(bound) for bound in value)
    if low < high:
        return low, high
    raise ValueError(f"[{low:g}, {high:g}] is empty: low must be below high")


def _numbers(text: str, example: str) -> list[float]:
    try:
        return [float(each) for each in text.split(",")]
    except ValueError:
        raise ValueError(f"{text!r} is not a list of numbers such as {example}") from None


def _different(value: object) -> tuple[Any, ...] | None:
    """Return the items of a list of which no two are the same, None if it is none."""
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(value) if len({repr(each) for each in value}) == len(value) else None
