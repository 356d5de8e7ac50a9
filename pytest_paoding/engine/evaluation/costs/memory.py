"""Activation memory: the most that a model holds at a time while it computes one sample."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph, Tensor

_SIZES = {"bfloat16": 2, "string": 24}  # bytes of types that NumPy has not; of a string its handle


def memory_metrics(original: Graph, pruned: Graph) -> dict[str, Measurement]:
    """Return activation_memory of two models, in bytes."""
    before, after = peak_bytes(original), peak_bytes(pruned)
    if before is None or after is None:
        reason = "a tensor has a length that is not fixed: its memory is undefined"
        return {"activation_memory": Measurement(reason=reason)}
    return {"activation_memory": Measurement(before, after, after, detail="of one sample")}


def peak_bytes(graph: Graph) -> int | None:
    """Return the most bytes of tensors that are needed at the same time, for one sample.

    Calls are run in the graph's order; a tensor lives from the call that makes it to the last one
    that reads it, inputs from the beginning and outputs to the end. Weights, what kernels need
    besides, and what a runtime saves by working in place are not counted. None where a length is
    not fixed. Linear in the number of calls.
    """
    if any(length is None for tensor in graph.tensors for length in tensor.shape):
        return None
    now = peak = sum(map(_bytes, graph.inputs))
    for call in graph.calls:
        now += sum(map(_bytes, call.outputs))
        peak = max(peak, now)
        now -= sum(map(_bytes, graph.dead_after(call)))
    return peak


def _bytes(tensor: Tensor) -> int:
    size = _SIZES.get(tensor.dtype) or np.dtype(tensor.dtype).itemsize
    return size * prod(length or 1 for length in tensor.shape)
