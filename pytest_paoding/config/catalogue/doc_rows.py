"""The catalogue as tables of the documentation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_paoding.config.catalogue.keys import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.config.catalogue.keys import Key

COLUMNS = ("key", "value", "default", "meaning", "option")


def doc_rows(keys: Iterable[Key]) -> list[tuple[str, ...]]:
    """Return the cells of a row for each key, in the order of `COLUMNS`, as Markdown."""
    return [
        (f"`{key.key}`", _values(key), _default(key), _meaning(key), _options(key)) for key in keys
    ]


def markdown(keys: Iterable[Key]) -> str:
    """Return a table of keys in Markdown, such as of `SETTINGS.within("attack")`."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *doc_rows(keys)]
    return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |") for cells in rows)


def _values(key: Key) -> str:
    """Return all values, or an example where they are too many."""
    if key.flag:
        return "`true`, `false`"
    return ", ".join(f'`"{word}"`' for word in key.words) or f"`{key.example}`"


def _default(key: Key) -> str:
    if key.needed:
        return "needed"
    return "none" if key.default is None else f"`{json.dumps(key.default)}`"


def _meaning(key: Key) -> str:
    return key.meaning or f"{key.help[0].upper()}{key.help[1:]}."


def _options(key: Key) -> str:
    if key.scope is Scope.MODEL:
        return ""
    if key.flag:
        return f"`--paoding-{key.dashed}`, `--paoding-no-{key.dashed}`"
    return f"`--paoding-{key.dashed}={key.metavar or 'NAME'}`"
