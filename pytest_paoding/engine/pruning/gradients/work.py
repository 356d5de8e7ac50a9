"""Work: what steps along gradients cost a model, and how many of them can be afforded."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from pytest_paoding.engine.execution.inputs import most_followed
from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.execution.patches import spatial_shape

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph

_BATCH = 128
PASSES = 3
"""Forward passes that a step along a model's gradient costs."""


def multiplications(graph: Graph) -> int:
    """Return how often the kernels of a model multiply and add for one input, roughly."""
    return sum(
        prod(call.operation.weights[0].shape) * prod(spatial_shape(call))
        for call in graph.calls
        if is_linear(call.operation)
    )


def batch_of(graph: Graph) -> int:
    """Return how many inputs a step takes: 128, or fewer where their tensors are large."""
    return min(_BATCH, most_followed(graph))


def affordable(work: float, each: float, *, least: int, most: int) -> int:
    """Return how many times something can be done, `most` at most; 0 if fewer than `least`.

    Args:
        work: Multiplications and additions in all.
        each: Those of one time.
        least: Fewest times it is worth while for.
        most: Most times.
    """
    count = min(most, int(work // max(each, 1)))
    return count if count >= least else 0
