"""The strategies by name. Importing this package imports none of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.strategies.candidates import Strategy


def strategy_named(name: str) -> Strategy:
    """Return a new strategy that removes units in rounds, by its name."""
    module = import_module(f"{__name__}.{name}")
    return getattr(module, name.capitalize())()  # type: ignore[no-any-return]  # found by name
