"""Names of the strategies."""

from __future__ import annotations

from pytest_paoding.errors import PruningError

IN_ROUNDS = ("magnitude", "saliency", "impact", "stochastic")
NAMES = (*IN_ROUNDS, "reconstruct")
ALIASES = {"scale": "magnitude"}  # PAODING's name for it


def known_name(name: str) -> str:
    """Return the usual name of a strategy, given that or an alias.

    Raises:
        PruningError: There is none of that name.
    """
    known = ALIASES.get(name, name)
    if known not in NAMES:
        raise PruningError(f"unknown strategy {name!r}, known are {', '.join(NAMES)}")
    return known
