"""Attention, and matrix products of activations."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
from keras.src.ops import nn, numpy  # the classes behind keras.ops have no public names

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.evaluation.costs.feedforward_macs import combinations
from pytest_paoding.engine.evaluation.costs.macs import counts, size
from pytest_paoding.engine.execution.held_values import attended, key_axes
from pytest_paoding.engine.graph.trace import Tensor

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import Shape


@counts(keras.layers.MultiHeadAttention)
def multi_head_attention(call: Call) -> int | None:
    """Three projections, the scores, the values weighted by them, and the projection back."""
    config = config_of(call.operation)
    if config.get("use_gate"):
        return None
    heads, width, value_width = config["num_heads"], config["key_dim"], config["value_dim"]
    query, value, key = attended(call)
    compared = size(query[:-1]) * prod(size((key[axis],)) for axis in key_axes(call))
    inwards = (size(query) + size(key)) * width + size(value) * value_width
    outwards = size(query[:-1]) * value_width * size(call.outputs[0].shape[-1:])
    return int(heads * (inwards + compared * (width + value_width) + outwards))


@counts(keras.layers.GroupQueryAttention)
def group_query_attention(call: Call) -> int | None:
    """Count likewise, with fewer heads for keys and values than for queries."""
    config = config_of(call.operation)
    if config.get("use_gate"):
        return None
    width, heads, shared = (
        config[name] for name in ("head_dim", "num_query_heads", "num_key_value_heads")
    )
    query, value, key = attended(call)
    inwards = size(query) * heads + (size(key) + size(value)) * shared
    compared = 2 * size(query[:-1]) * size(key[:-1]) * heads
    outwards = size(query[:-1]) * heads * size(call.outputs[0].shape[-1:])
    return int(width * (inwards + compared + outwards))


@counts(keras.layers.Attention, keras.layers.AdditiveAttention)
def attention(call: Call) -> int:
    """The scores, and the values weighted by them."""
    query, value, *rest = (tensor.shape for tensor in keras.tree.flatten(call.args[0]))
    key = rest[0] if rest else value
    return size(query[:-1]) * size(key[:-1]) * (size(key[-1:]) + size(value[-1:]))


@counts(keras.layers.Dot)
def dot(call: Call) -> int:
    """Every output sums over the axis that is named for the first input."""
    axes = call.operation.axes
    first = axes if isinstance(axes, int) else axes[0]
    shape = (None, *call.inputs[0].shape)
    return size(call.outputs[0].shape) * size((shape[first],))


@counts(numpy.Matmul)
def matmul(call: Call) -> int:
    """Every output sums over the last axis of the first factor."""
    return size(call.outputs[0].shape) * size(_shape(call.args[0])[-1:])


@counts(numpy.Einsum)
def einsum(call: Call) -> int:
    """A product for every combination of indices."""
    terms = call.operation.subscripts.partition("->")[0].split(",")
    return combinations(terms, [_shape(operand) for operand in call.args])


def _shape(operand: Any) -> Shape:
    """Return the shape for one sample; constants have no batch."""
    return (1, *operand.shape) if isinstance(operand, Tensor) else tuple(operand.shape)


@counts(
    *(
        getattr(module, name)
        for module, names in (
            (numpy, ("Dot", "Inner", "Outer", "Tensordot", "Vdot")),
            (
                nn,
                ("Conv", "ConvTranspose", "DepthwiseConv", "DotProductAttention", "SeparableConv"),
            ),
        )
        for name in names
        if hasattr(module, name)  # the list has grown since Keras 3.5
    )
)
def uncounted(_call: Call) -> None:
    """Products that are rare between activations: reported as not counted."""
