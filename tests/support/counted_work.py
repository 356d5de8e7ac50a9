"""The work of a model, counted as `evaluate` does."""

from __future__ import annotations

from typing import Any

from pytest_paoding.engine.evaluation.costs.cost import layer_costs
from pytest_paoding.engine.execution.work import UnknownLengthError, flops
from pytest_paoding.engine.graph.functional import read_graph


def work(model: Any) -> int | None:
    """Return the floating-point operations of a sample; None where a length is not fixed."""
    try:
        flops(read_graph(model))
    except UnknownLengthError:
        return None
    return sum(cost.flops or 0 for cost in layer_costs(read_graph(model)))
