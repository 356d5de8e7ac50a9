"""Held values: how many numbers the tensors of a call take for one sample."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.graph.rules.registry import known
from pytest_paoding.engine.graph.trace import shape_of

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import Shape

_GROUPED = known("keras.layers", "GroupQueryAttention")
_OPERATION = known("keras.src.ops.nn", "DotProductAttention")


def held_values(call: Call, length: int = 1) -> int:
    """Return how many numbers a call makes of one sample: its outputs, and scores of attention.

    Those are often the most: every query has a score for every key, of every head.

    Args:
        call: The call.
        length: What every open length is taken for.
    """
    outputs = sum(_size(tensor.shape, length) for tensor in call.outputs)
    return outputs + _scores(call, length)


def operands(call: Call) -> tuple[Any, Any, Any]:
    """Return attention's query, value and key; without a key that is the value."""
    named = dict(zip(("query", "value", "key"), call.args, strict=False)) | call.kwargs
    key = named.get("key")
    return named["query"], named["value"], named["value"] if key is None else key


def attended(call: Call) -> tuple[Shape, Shape, Shape]:
    """Return the shapes of attention's query, value and key."""
    query, value, key = map(shape_of, operands(call))
    return query, value, key


def key_axes(call: Call) -> list[int]:
    """Return the axes of a `MultiHeadAttention`'s keys that queries attend over, without batch."""
    rank = len(attended(call)[0]) + 1
    axes = config_of(call.operation)["attention_axes"] or range(1, rank - 1)
    return [axis % rank - 1 for axis in axes]


def _scores(call: Call, length: int) -> int:
    layer = call.operation
    if type(layer) is keras.layers.MultiHeadAttention:
        query, _, key = attended(call)
        heads, keys = layer.num_heads, tuple(key[axis] for axis in key_axes(call))
    elif type(layer) in _GROUPED:
        query, _, key = attended(call)
        heads, keys = layer.num_query_heads, key[:-1]
    elif isinstance(layer, (keras.layers.Attention, keras.layers.AdditiveAttention)):
        query, value, *rest = map(shape_of, keras.tree.flatten(call.args[0]))
        keys = (rest[0] if rest else value)[:-1]
        heads = query[-1] if isinstance(layer, keras.layers.AdditiveAttention) else 1
    elif type(layer) in _OPERATION:
        query, key = (tensor.shape for tensor in call.inputs[:2])
        heads, keys = 1, key[:1]
    else:
        return 0
    return int(heads * _size(query[:-1], length) * _size(keys, length))


def _size(shape: Shape, length: int) -> int:
    return prod(size or length for size in shape)
