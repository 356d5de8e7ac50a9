"""Attention: as a layer, in parts, and by hand."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from support.patterns.registry import head, pattern


@pattern(6, 4, 3, 8, varied=True)
def transformer_block() -> Any:
    """The width is that of the residual stream; heads, values and the hidden layer are their own.

    Groups in the order of their first calls: width, heads, values, hidden layer.
    """
    x = keras.Input((5, 4))
    y = layers.Dense(6)(x)
    attended = layers.MultiHeadAttention(4, key_dim=2, value_dim=3)(y, y)
    y = layers.Add()([y, attended])
    hidden = layers.Dense(8, activation="gelu")(y)
    y = layers.Add()([y, layers.Dense(6)(hidden)])
    return keras.Model(x, head(layers.GlobalAveragePooling1D()(y)))


@pattern(6, 3, 2, 6, 5)
def attention_without_a_residual() -> Any:
    """The output is as wide as the query by default, but need not stay so."""
    x = keras.Input((5, 4))
    y = layers.Dense(6, activation="tanh")(x)
    y = layers.MultiHeadAttention(3, key_dim=2, use_bias=False)(y, y)
    return keras.Model(x, head(layers.LSTM(5)(y)))


@pattern(5, 2, 7, 2, 4, 6, since=(3, 15))
def cross_attention() -> Any:
    """Query, value and key of their own widths, then heads, values and the output."""
    x, z = keras.Input((5, 3)), keras.Input((4, 3))
    query, key = layers.Dense(5)(x), layers.Dense(7)(z)
    layer = layers.MultiHeadAttention(2, key_dim=3, value_dim=4, output_shape=(6,))
    y = layer(query, layers.Dense(2)(z), key)
    return keras.Model([x, z], head(layers.GlobalAveragePooling1D()(y)))


@pattern(2, 4)
def scores_are_an_output() -> Any:
    """Heads are shown, so they stay; values and the output may shrink."""
    x = keras.Input((5, 3))
    y, scores = layers.MultiHeadAttention(3, key_dim=2, output_shape=(4,))(
        x, x, return_attention_scores=True
    )
    return keras.Model(x, [head(y), scores])


@pattern(6, 2, varied=True)
def grouped_query_attention() -> Any:
    x = keras.Input((5, 4))
    y = layers.Dense(6)(x)
    y = layers.Add()([y, layers.GroupQueryAttention(3, 4, 2)(y, y)])
    return keras.Model(x, head(layers.GlobalAveragePooling1D()(y)))


@pattern(6)
def attention_over_values() -> Any:
    """Queries and keys are compared over their width, so only values may shrink."""
    x = keras.Input((5, 3))
    query, key, value = layers.Dense(4)(x), layers.Dense(4)(x), layers.Dense(6)(x)
    y = layers.Attention(use_scale=True)([query, value, key])
    return keras.Model(x, head(layers.GlobalAveragePooling1D()(y)))


@pattern(4)
def additive_attention() -> Any:
    x = keras.Input((5, 3))
    query, key, value = layers.Dense(3)(x), layers.Dense(3)(x), layers.Dense(4)(x)
    y = layers.AdditiveAttention()([query, value, key])
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(3, 6)
def heads_by_hand() -> Any:
    """Dense, reshape and transpose to heads, softmax of products: whole heads may leave."""
    x = keras.Input((5, 4))

    def heads(tensor: Any) -> Any:
        split = layers.Reshape((5, 3, 4))(layers.Dense(12)(tensor))
        return ops.transpose(split, (0, 2, 1, 3))

    query, key, value = heads(x), heads(x), heads(x)
    scores = ops.softmax(ops.matmul(query, ops.swapaxes(key, -1, -2)) / 2.0, axis=-1)
    y = ops.transpose(ops.matmul(scores, value), (0, 2, 1, 3))
    y = layers.Dense(6, activation="relu")(layers.Reshape((5, 12))(y))
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(3, 6, varied=True)
def heads_by_einsum() -> Any:
    """The same in einsum, with projections whose kernels have axes for heads and size."""
    x = keras.Input((5, 4))

    def heads(tensor: Any) -> Any:
        return layers.EinsumDense("btd,dhk->bthk", (None, 3, 2), bias_axes="hk")(tensor)

    scores = layers.Softmax()(ops.einsum("bthk,bshk->bhts", heads(x), heads(x)))
    y = ops.einsum("bhts,bshk->bthk", scores, heads(x))
    y = layers.EinsumDense("bthk,hkd->btd", (None, 6), bias_axes="d", activation="relu")(y)
    return keras.Model(x, head(layers.GlobalAveragePooling1D()(y)))


@pattern(5, 6, 4, varied=True)
def einsum_dense() -> Any:
    """An ellipsis, a letter of the batch kind, and a kernel that only scales."""
    x = keras.Input((3, 4))
    y = layers.EinsumDense("...x,xy->...y", 5, bias_axes="y", activation="tanh")(x)
    y = layers.EinsumDense("abc,c->abc", (3, 5))(y)
    y = layers.EinsumDense("abc,cd->abd", (3, 6))(y)
    y = layers.EinsumDense("abc,bcd->ad", 4, bias_axes="d")(y)
    return keras.Model(x, head(y))


@pattern(5)
def dot_of_two_branches() -> Any:
    """Axes summed over two tensors stay; another may shrink."""
    x = keras.Input((4, 3))
    left, right = layers.Dense(5, activation="tanh")(x), layers.Dense(2)(x)
    y = layers.Dot(axes=1)([left, right])
    z = layers.Dot(axes=-1)([layers.Dense(6)(x), layers.Dense(6)(x)])
    return keras.Model(x, [head(layers.Permute((2, 1))(y)), layers.Dense(2)(layers.Flatten()(z))])
