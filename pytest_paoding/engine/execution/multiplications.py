"""A rough count of the multiplications of a model, to decide what can be afforded."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.execution.patches import spatial_shape
from pytest_paoding.engine.execution.sequence_kernels import has_kernels, rough_work

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph


def multiplications(graph: Graph) -> int:
    """Return a rough number of multiplications and additions of a model for one input."""
    linear: int = sum(
        prod(call.operation.weights[0].shape) * prod(spatial_shape(call))
        for call in graph.calls
        if is_linear(call.operation)
    )
    return linear + sum(rough_work(call) for call in graph.calls if has_kernels(call.operation))
