"""Prune Keras models without data, and gate in pytest what that cost.

The names below are loaded on first use: importing this package, which pytest does at every start
once it is installed, imports neither NumPy, Keras, TensorFlow nor Pydantic.

PYTEST_DONT_REWRITE: nothing is asserted here, and it may be imported before pytest starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import PaodingError

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.rules import rule
    from pytest_paoding.engine.pruning.pruner import Pruned, prune
    from pytest_paoding.records.plan import LayerPlan, Plan

__version__ = "0.1.0"

__all__ = ["LayerPlan", "PaodingError", "Plan", "Pruned", "__version__", "prune", "rule"]

_HOMES = {
    "LayerPlan": "pytest_paoding.records.plan",
    "Plan": "pytest_paoding.records.plan",
    "Pruned": "pytest_paoding.engine.pruning.pruner",
    "prune": "pytest_paoding.engine.pruning.pruner",
    "rule": "pytest_paoding.engine.graph.rules",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
