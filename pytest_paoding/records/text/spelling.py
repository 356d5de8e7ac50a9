"""Suggestions for misspelt words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def likely(word: str, known: Sequence[str]) -> str:
    """Return a hint for a misspelt word: the closest known one, or all of them."""
    meant = close(word, known)
    return f"did you mean {meant}?" if meant else f"known are {', '.join(known)}"


def close(word: str, known: Sequence[str]) -> str | None:
    """Return the known word that `word` most likely misspells, if there is one.

    >>> close("quikc", ("quick", "thorough")), close("FLOPs", ("flops", "size"))
    ('quick', 'flops')
    """
    lower = {each.lower(): each for each in reversed(known)}
    exact = difflib.get_close_matches(word, known, n=1)
    found = exact or [lower[each] for each in difflib.get_close_matches(word.lower(), lower, n=1)]
    return next(iter(found), None)
