"""Prune Keras models without data, and gate in pytest what that cost.

The names below are loaded on first use: importing this package, which pytest does at every start
once it is installed, imports neither NumPy, Keras, TensorFlow nor Pydantic.

PYTEST_DONT_REWRITE: nothing is asserted here, and it may be imported before pytest starts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import PaodingError
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.rules import rule
    from pytest_paoding.engine.pruning.pruner import Pruned, prune
    from pytest_paoding.engine.surgery.apply import apply
    from pytest_paoding.gate.stages import GateSpec
    from pytest_paoding.records.asked_for import AskedFor
    from pytest_paoding.records.budgets import Limit
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.metrics import METRICS, Direction, Metric
    from pytest_paoding.records.plan import LayerPlan, Plan
    from pytest_paoding.records.protocol import Engine
    from pytest_paoding.records.results import GateResult

_HOMES = {
    "apply": "pytest_paoding.engine.surgery.apply",
    "AskedFor": "pytest_paoding.records.asked_for",
    "Direction": "pytest_paoding.records.metrics",
    "Engine": "pytest_paoding.records.protocol",
    "GateResult": "pytest_paoding.records.results",
    "GateSpec": "pytest_paoding.gate.stages",
    "LayerPlan": "pytest_paoding.records.plan",
    "Limit": "pytest_paoding.records.budgets",
    "METRICS": "pytest_paoding.records.metrics",
    "Measurement": "pytest_paoding.records.measurement",
    "Metric": "pytest_paoding.records.metrics",
    "Plan": "pytest_paoding.records.plan",
    "Pruned": "pytest_paoding.engine.pruning.pruner",
    "prune": "pytest_paoding.engine.pruning.pruner",
    "rule": "pytest_paoding.engine.graph.rules",
}

__all__ = [
    "METRICS",
    "AskedFor",
    "Direction",
    "Engine",
    "GateResult",
    "GateSpec",
    "LayerPlan",
    "Limit",
    "Measurement",
    "Metric",
    "PaodingError",
    "Plan",
    "Pruned",
    "__version__",
    "apply",
    "prune",
    "rule",
]


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
