"""The work of every layer of a model for one sample, and why it is not known where it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_paoding.engine.execution.work.macs import PER_MULTIPLY_ADD, multiply_adds
from pytest_paoding.engine.execution.work.products import UnknownLengthError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Call, Graph

_NAMED = 3
_OPEN = "works on a length that is not fixed"
_UNKNOWN = "is of a kind whose work is not known"


class UnknownWorkError(ValueError):
    """The floating-point operations of a sample are undefined; the text says of which layers."""


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

    def __str__(self) -> str:
        """Return its class and name."""
        return f"{self.kind} {self.name!r}"


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


def flops(graph: Graph) -> int:
    """Return the floating-point operations of all calls for one sample.

    Raises:
        UnknownWorkError: Those of a layer are not known.
    """
    costs = layer_costs(graph)
    if reason := undefined(costs):
        raise UnknownWorkError(reason)
    return sum(cost.flops or 0 for cost in costs)


def undefined(costs: Sequence[LayerCost]) -> str | None:
    """Return why the work of all layers together is not known, naming some; None where it is."""
    unknown = [str(cost) for cost in costs if cost.reason == _UNKNOWN]
    unfixed = [f"{cost} {_OPEN}" for cost in costs if cost.reason == _OPEN]
    reasons = [*([_of_unknown_kinds(unknown)] if unknown else []), *unfixed[:1]]
    return f"{'; '.join(reasons)}: FLOPs of a sample are undefined" if reasons else None


def _of_unknown_kinds(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} {_UNKNOWN}"
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"{', '.join(names[:_NAMED] + more)} are of kinds whose work is not known"


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
