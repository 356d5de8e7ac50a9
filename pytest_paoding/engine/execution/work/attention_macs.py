"""Attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.execution.held_values import key_axes, operands
from pytest_paoding.engine.execution.work.macs import counts
from pytest_paoding.engine.execution.work.products import along, axes_of, constant

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
