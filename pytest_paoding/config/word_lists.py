"""Readers of settings that are several words: some of known ones, or patterns of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.quantities import as_given

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_PATTERNS, _LONGEST = 10_000, 1000
"""Patterns of one setting, and characters of one: a name is held against each of them."""


def some_of(words: tuple[str, ...]) -> Callable[[object], tuple[str, ...]]:
    """Return the reader of a list of known words; a text has commas between them."""

    def read(value: object) -> tuple[str, ...]:
        given = [each for each in value.split(",") if each] if isinstance(value, str) else value
        if not isinstance(given, (list, tuple)):
            raise ValueError(f"{as_given(value)} is not a list of some of {', '.join(words)}")  # noqa: TRY004 - Pydantic reports ValueError
        for each in given:
            if each not in words:
                raise ValueError(f"{each!r} is none of {', '.join(words)}")
        return tuple(map(str, given))

    return read


def parted(value: object) -> object:
    """Return the words of a text with commas between them; anything else as it is."""
    return value.split(",") if isinstance(value, str) else value


def patterns(value: object) -> tuple[str, ...]:
    """Return patterns of layer names, one or several."""
    several = parted(value)
    given = tuple(several) if isinstance(several, (list, tuple)) else (several,)
    if given and all(isinstance(each, str) and each for each in given):
        require_matched_soon(given)
        return given
    raise ValueError(f'{as_given(value)} is not a list of layer patterns such as ["block1_*"]')


def require_matched_soon(several: Sequence[str]) -> None:
    """Refuse more or longer patterns than names of layers can be held against in passing.

    Raises:
        ValueError: They are.
    """
    if len(several) > _MOST_PATTERNS:
        raise ValueError(f"{len(several):,} patterns are more than {_MOST_PATTERNS:,}")
    longest = max(map(len, several), default=0)
    if longest > _LONGEST:
        raise ValueError(f"a pattern of {longest:,} characters is longer than {_LONGEST:,}")
