"""What a model costs: its parameters, and its floating-point operations layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.execution.work import (
    PER_MULTIPLY_ADD,
    UnknownLengthError,
    multiply_adds,
)
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Call, Graph

_NAMED = 3
_OPEN = "works on a length that is not fixed"
_UNKNOWN = "is of a kind whose work is not known"


@dataclass(frozen=True, slots=True)
class LayerCost:
    """The work of one layer for one sample.

    Attributes:
        name: Its name, with the names of the nested models around it.
        kind: Its class by name.
        flops: Floating-point operations, two for each multiply-add, over all calls of the layer;
            None where they cannot be counted.
        reason: Why not.
    """

    name: str
    kind: str
    flops: int | None
    reason: str | None = None


def layer_costs(graph: Graph) -> tuple[LayerCost, ...]:
    """Return the cost of every layer and operation that has any, in the order of first calls.

    See `multiply_adds` for what is counted. Layers whose work is not known are listed too.
    """
    found: dict[str, LayerCost] = {}
    for call in graph.calls:
        cost = _cost(call)
        if cost.flops != 0:
            found[cost.name] = _sum(found[cost.name], cost) if cost.name in found else cost
    return tuple(found.values())


def cost_metrics(original: Graph, pruned: Graph) -> dict[str, Measurement]:
    """Return parameters, parameters_removed, flops and flops_reduction of two models."""
    parameters = original.model.count_params(), pruned.model.count_params()
    costs = layer_costs(original), layer_costs(pruned)
    reason = _undefined(costs[0])
    names = "flops", "flops_reduction"
    if reason:
        flops = dict.fromkeys(names, Measurement(reason=reason))
    else:
        totals = (sum(cost.flops or 0 for cost in each) for each in costs)
        flops = _lowered(names, *totals, detail=_uncounted(costs[0]))
    return {**_lowered(("parameters", "parameters_removed"), *parameters), **flops}


def _cost(call: Call) -> LayerCost:
    kind = type(call.operation).__name__
    try:
        found = multiply_adds(call)
    except UnknownLengthError:
        return LayerCost(call.name, kind, None, _OPEN)
    if found is None:
        return LayerCost(call.name, kind, None, _UNKNOWN)
    return LayerCost(call.name, kind, PER_MULTIPLY_ADD * found)


def _sum(first: LayerCost, second: LayerCost) -> LayerCost:
    """Return the cost of two calls of one layer."""
    if first.flops is None or second.flops is None:
        return first if first.flops is None else second
    return replace(first, flops=first.flops + second.flops)


def _undefined(costs: Sequence[LayerCost]) -> str | None:
    for cost in costs:
        if cost.reason == _OPEN:
            return f"{cost.kind} {cost.name!r} {_OPEN}: FLOPs of a sample are undefined"
    return None


def _uncounted(costs: Sequence[LayerCost]) -> str | None:
    names = [f"{cost.kind} {cost.name!r}" for cost in costs if cost.flops is None]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"not counted: {', '.join(names[:_NAMED] + more)}" if names else None


def _lowered(
    names: tuple[str, str], before: int, after: int, *, detail: str | None = None
) -> dict[str, Measurement]:
    """Return a number before and after pruning, and the share by which it has fallen."""
    amount, share = names
    fallen = 1 - after / before if before else None
    reason = None if before else f"the model has no {amount}"
    return {
        amount: Measurement(before, after, after, detail=detail),
        share: Measurement(before, after, fallen, reason, detail),
    }
