"""The reader of settings that are several of some known words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.quantities import as_given

if TYPE_CHECKING:
    from collections.abc import Callable


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
