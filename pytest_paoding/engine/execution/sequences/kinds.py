"""Kinds of sequences: which inputs are tokens, and which are series."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.execution.tensors import is_floating

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Graph, Tensor

_SENTENCE = 4  # steps at least, or it is a category or two
_SERIES_RANK = 2  # steps and features
_STEPWISE = (
    keras.layers.Activation,
    keras.layers.Dense,
    keras.layers.Dropout,
    keras.layers.GaussianNoise,
    keras.layers.LayerNormalization,
    keras.layers.Masking,
    keras.layers.Normalization,
    keras.layers.Rescaling,
)
"""Layers that do the same at every step: what reads their outputs tells what the steps are."""
_OVER_STEPS = (
    keras.layers.AveragePooling1D,
    keras.layers.Bidirectional,
    keras.layers.Conv1D,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.MaxPooling1D,
    keras.layers.MultiHeadAttention,
    keras.layers.RNN,
    keras.layers.SeparableConv1D,
    keras.layers.TimeDistributed,
    keras.layers.ZeroPadding1D,
)


def embeddings(graph: Graph, tensor: Tensor) -> list[Any]:
    """Return the embeddings that read an input of tokens."""
    readers = (call.operation for call in graph.readers(tensor))
    return [each for each in readers if type(each) is keras.layers.Embedding]


def reads_sequences(graph: Graph) -> bool:
    """Whether a model has an input of sentences or of series."""
    return any(is_sequence(graph, each) for each in graph.inputs)


def is_sequence(graph: Graph, tensor: Tensor) -> bool:
    """Whether an input is a sentence or a series."""
    return _is_sentence(graph, tensor) or is_series(graph, tensor)


def _is_sentence(graph: Graph, tensor: Tensor) -> bool:
    return bool(embeddings(graph, tensor)) and prod(n or 1 for n in tensor.shape) >= _SENTENCE


def is_series(graph: Graph, tensor: Tensor) -> bool:
    """Whether an input has steps and features, by what reads it first."""
    if len(tensor.shape) != _SERIES_RANK or not is_floating(tensor):
        return False
    pending, seen = [tensor], {tensor}
    while pending:
        for call in graph.readers(pending.pop()):
            if isinstance(call.operation, _OVER_STEPS):
                return True
            if isinstance(call.operation, _STEPWISE):
                pending += [each for each in call.outputs if each not in seen]
                seen.update(call.outputs)
    return False
