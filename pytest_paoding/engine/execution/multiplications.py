"""A rough count of the multiplications of a model, to decide what can be afforded."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.execution.loops import LOOPS
from pytest_paoding.engine.execution.patches import spatial_shape
from pytest_paoding.engine.execution.sequence_kernels import has_kernels
from pytest_paoding.engine.graph.functional import is_nested, read_graph

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph

_KERNEL = 2  # least axes of a kernel
_STEP = 8_000
"""What a step of a recurrent layer takes besides: 40 microseconds for 128 inputs together."""


def multiplications(graph: Graph) -> int:
    """Return a rough number of multiplications and additions of a model for one input.

    Lengths that are open count as 1. The products of attention's queries and keys are left out.
    """
    return sum(map(_work, graph.calls))


def _work(call: Call) -> int:
    layer = call.operation
    if is_linear(layer):
        return int(prod(layer.weights[0].shape) * prod(spatial_shape(call)))
    if isinstance(layer, LOOPS):
        return _work_of_loop(call)
    if has_kernels(layer) and type(layer) is not keras.layers.Embedding:
        return _places(call) * _kernels(layer)
    return 0


def _work_of_loop(call: Call) -> int:
    """Return the work of a layer that goes step by step: all kernels at every step and place."""
    layer = call.operation
    steps = call.inputs[0].shape[0] or 1
    if isinstance(layer, keras.layers.TimeDistributed):
        if is_nested(layer.layer):
            return steps * multiplications(read_graph(layer.layer))
        return _places(call) * _kernels(layer)
    directions = 1 + isinstance(layer, keras.layers.Bidirectional)
    return _places(call) * _kernels(layer) + directions * steps * _STEP


def _places(call: Call) -> int:
    """Return the number of steps, and places of each, of what a layer reads."""
    return prod(size or 1 for size in call.inputs[0].shape[:-1])


def _kernels(layer: keras.Layer) -> int:
    """Return the number of weights in kernels, each of which is read at every place."""
    shapes = [each.shape for each in layer.weights if len(each.shape) >= _KERNEL]
    return sum(int(prod(shape)) for shape in shapes)
