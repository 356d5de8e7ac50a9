"""Kernels of layers over sequences: what can be trained there, and what it costs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.graph.rules.registry import known

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call

RECURRENT = (keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM)
ATTENTION = (keras.layers.MultiHeadAttention, *known("keras.layers", "GroupQueryAttention"))
_KERNELS = 2  # least axes of a kernel


def has_kernels(layer: Any) -> bool:
    """Whether all weights of a layer are kernels and biases, though it is no plain linear map."""
    if type(layer) is keras.layers.Bidirectional:
        return all(type(each) in RECURRENT for each in (layer.forward_layer, layer.backward_layer))
    if type(layer) is keras.layers.TimeDistributed:
        return is_linear(layer.layer) or type(layer.layer) is keras.layers.EinsumDense
    others = (keras.layers.Embedding, keras.layers.EinsumDense, *ATTENTION)
    return type(layer) in (*RECURRENT, *others)


def rough_work(call: Call) -> int:
    """Return a rough number of multiplications and additions of such a layer for one input.

    Every kernel is read at every step. The products of attention's queries and keys are left out.
    """
    layer = call.operation
    if type(layer) is keras.layers.Embedding:
        return 0
    steps: int = prod(size or 1 for size in call.inputs[0].shape[:-1])
    kernels = [each.shape for each in layer.weights if len(each.shape) >= _KERNELS]
    return steps * sum(int(prod(shape)) for shape in kernels)
