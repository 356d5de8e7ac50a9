"""The strategies by name. Importing this package imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from pytest_paoding.pruning.strategies.base import Strategy

IN_ROUNDS = ("magnitude", "saliency", "impact", "stochastic")
NAMES = (*IN_ROUNDS, "reconstruct")
ALIASES = {"scale": "magnitude"}  # PAODING's name for it


def known_name(name: str) -> str:
    """Return the name of a strategy, for one of its names.

    Raises:
        PruningError: There is none of that name.
    """
    known = ALIASES.get(name, name)
    if known not in NAMES:
        raise PruningError(f"unknown strategy {name!r}, known are {', '.join(NAMES)}")
    return known


def strategy_named(name: str) -> Strategy:
    """Return a new strategy that removes units in rounds, by its name."""
    module = import_module(f"{__name__}.{name}")
    return getattr(module, name.capitalize())()  # type: ignore[no-any-return]  # found by name
