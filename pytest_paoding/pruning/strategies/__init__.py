"""The strategies by name. Importing this package imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from pytest_paoding.pruning.strategies.base import Strategy

NAMES = ("magnitude", "saliency", "impact", "stochastic")
ALIASES = {"scale": "magnitude"}  # PAODING's name for it


def strategy_named(name: str) -> Strategy:
    """Return a new strategy.

    Raises:
        PruningError: There is none of that name.
    """
    known = ALIASES.get(name, name)
    if known not in NAMES:
        raise PruningError(f"unknown strategy {name!r}, known are {', '.join(NAMES)}")
    module = import_module(f"{__name__}.{known}")
    return getattr(module, known.capitalize())()  # type: ignore[no-any-return]  # found by name
