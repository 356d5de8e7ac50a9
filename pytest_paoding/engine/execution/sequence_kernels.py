"""Kernels of layers over sequences: which can be trained."""

from __future__ import annotations

from typing import Any

import keras

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.graph.rules.registry import known

RECURRENT = (keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM)
ATTENTION = (keras.layers.MultiHeadAttention, *known("keras.layers", "GroupQueryAttention"))


def has_kernels(layer: Any) -> bool:
    """Whether all weights of a layer are kernels and biases, though it is no plain linear map."""
    if type(layer) is keras.layers.Bidirectional:
        return all(type(each) in RECURRENT for each in (layer.forward_layer, layer.backward_layer))
    if type(layer) is keras.layers.TimeDistributed:
        return is_linear(layer.layer) or type(layer.layer) is keras.layers.EinsumDense
    others = (keras.layers.Embedding, keras.layers.EinsumDense, *ATTENTION)
    return type(layer) in (*RECURRENT, *others)
