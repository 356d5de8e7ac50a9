"""What a model costs: its parameters, and its floating-point operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.engine.execution.work import UnknownWorkError, flops
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph


def cost_metrics(original: Graph, pruned: Graph) -> dict[str, Measurement]:
    """Return parameters, parameters_removed, flops and flops_reduction of two models.

    The last two are undefined where the work of any layer is not known.
    """
    parameters = original.model.count_params(), pruned.model.count_params()
    names = "flops", "flops_reduction"
    try:
        work = _lowered(names, flops(original), flops(pruned))
    except UnknownWorkError as error:
        work = dict.fromkeys(names, Measurement(reason=str(error)))
    return {**_lowered(("parameters", "parameters_removed"), *parameters), **work}


def _lowered(names: tuple[str, str], before: int, after: int) -> dict[str, Measurement]:
    """Return a number before and after pruning, and the share by which it has fallen."""
    amount, share = names
    fallen = 1 - after / before if before else None
    reason = None if before else f"the model has no {amount}"
    return {
        amount: Measurement(before, after, after),
        share: Measurement(before, after, fallen, reason),
    }
