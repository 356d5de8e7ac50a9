"""Attention, and matrix products of activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras.src.ops import nn, numpy  # the classes behind keras.ops have no public names

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.execution.held_values import key_axes, operands
from pytest_paoding.engine.execution.work.feedforward_macs import combinations
from pytest_paoding.engine.execution.work.macs import counts
from pytest_paoding.engine.execution.work.products import along, axes_of, constant
from pytest_paoding.engine.graph.trace import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.work.products import Product
    from pytest_paoding.engine.graph.trace import Call


@counts(keras.layers.MultiHeadAttention)
def multi_head_attention(call: Call) -> Sequence[Product] | None:
    """Three projections, the scores, the values weighted by them, and the projection back."""
    layer = call.operation
    if config_of(layer).get("use_gate"):
        return None
    query, value, key = map(along, operands(call))
    _, heads, width = axes_of(layer.query_dense.kernel)
    value_width = axes_of(layer.value_dense.kernel)[2]
    compared = (*query[:-1], *(key[axis] for axis in key_axes(call)), heads)
    return [
        (*query, heads, width),
        (*key, heads, width),
        (*value, heads, value_width),
        (*compared, width),
        (*compared, value_width),
        (*query[:-1], heads, value_width, *along(call.outputs[0])[-1:]),
    ]


@counts(keras.layers.GroupQueryAttention)
def group_query_attention(call: Call) -> Sequence[Product] | None:
    """Count likewise, with fewer heads for keys and values than for queries."""
    layer = call.operation
    if config_of(layer).get("use_gate"):
        return None
    query, value, key = map(along, operands(call))
    _, heads, width = axes_of(layer._query_dense.kernel)  # noqa: SLF001 # no public name
    shared = axes_of(layer._key_dense.kernel)[1]  # noqa: SLF001 # no public name
    compared = (*query[:-1], *key[:-1], heads, width)
    return [
        (*query, heads, width),
        (*key, shared, width),
        (*value, shared, width),
        (*constant(2), *compared),
        (*query[:-1], heads, width, *along(call.outputs[0])[-1:]),
    ]


@counts(keras.layers.Attention, keras.layers.AdditiveAttention)
def attention(call: Call) -> Sequence[Product]:
    """The scores, and the values weighted by them."""
    query, value, *rest = map(along, keras.tree.flatten(call.args[0]))
    key = rest[0] if rest else value
    compared = (*query[:-1], *key[:-1])
    return [(*compared, *key[-1:]), (*compared, *value[-1:])]


@counts(keras.layers.Dot)
def dot(call: Call) -> Sequence[Product]:
    """Every output sums over the axis that is named for the first input."""
    axes = call.operation.axes
    first = axes if isinstance(axes, int) else axes[0]
    summed = _axes(call.inputs[0])[first]
    return [(*along(call.outputs[0]), summed)]


@counts(numpy.Matmul)
def matmul(call: Call) -> Sequence[Product]:
    """Every output sums over the last axis of the first factor."""
    return [(*along(call.outputs[0]), *_axes(call.args[0])[-1:])]


@counts(numpy.Einsum)
def einsum(call: Call) -> Sequence[Product]:
    """A product for every combination of indices."""
    terms = call.operation.subscripts.partition("->")[0].split(",")
    return [combinations(terms, [_axes(operand) for operand in call.args])]


def _axes(operand: Any) -> Product:
    """Return the lengths for one sample; constants have no batch."""
    tensor = isinstance(operand, Tensor)
    return (*constant(1), *along(operand)) if tensor else constant(*operand.shape)


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
