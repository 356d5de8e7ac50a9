"""Operations of `keras.ops` and overloaded operators, with sizes written in the graph."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from support.patterns.registry import conv, head, pattern


@pattern(6)
def residual_of_both_kinds() -> Any:
    """A layer and an operation of the same name, and one that is named like another layer."""
    x = keras.Input((6, 6, 3))
    y = conv(6)(x)
    y = layers.Add()([y, conv(6)(y)])
    y = y + ops.relu(conv(6)(y)) * 0.5 - 1
    return keras.Model(x, head(layers.GlobalAveragePooling2D()(ops.clip(y, -3, 3))))


@pattern(4)
def split_gate() -> Any:
    """A gated linear unit: halves are multiplied, so they shrink alike."""
    x = keras.Input((5,))
    value, gate = ops.split(layers.Dense(8)(x), 2, axis=-1)
    return keras.Model(x, head(value * ops.sigmoid(gate)))


@pattern(9, 4, mergeable=False, varied=True)
def unequal_split() -> Any:
    """Parts that do not meet again need not shrink alike; their bounds follow."""
    x = keras.Input((5,))
    one, two, three = ops.split(layers.Dense(9, activation="tanh")(x), (2, 5), axis=-1)
    joined = ops.concatenate([three, layers.Dense(4, activation="relu")(two), one], axis=-1)
    return keras.Model(x, head(joined))


@pattern(8, mergeable=False, varied=True)
def slices() -> Any:
    x = keras.Input((4, 4, 3))
    y = conv(8, activation="tanh")(x)
    y = ops.concatenate([y[..., 2:6], y[:, 1:3, :, -3:][:, :1] + ops.zeros((4, 4, 1))], axis=-1)
    return keras.Model(x, head(layers.Flatten()(y)))


@pattern(7)
def number_as_index() -> Any:
    """One position is needed, so it stays, and its place follows the others."""
    x = keras.Input((5,))
    y = layers.Dense(8, activation="tanh")(x)
    chosen = ops.expand_dims(y[:, 3], -1)
    return keras.Model(x, head(ops.concatenate([y, chosen], axis=-1)))


@pattern(6, mergeable=False)
def gathered() -> Any:
    x = keras.Input((5,))
    y = layers.Dense(6, activation="tanh")(x)
    return keras.Model(x, head(ops.take(y, [4, 0, 5, 1, 4, 3, 2], axis=-1)))


@pattern(8, 4)
def excite_by_operations() -> Any:
    x = keras.Input((6, 6, 3))
    y = conv(8)(x)
    s = ops.mean(y, axis=(1, 2))
    s = layers.Dense(8, activation="sigmoid")(layers.Dense(4, activation="relu")(s))
    y = y * ops.reshape(s, (-1, 1, 1, 8))
    return keras.Model(x, head(ops.max(y, axis=[1, 2])))


@pattern(6, 4, varied=True)
def channel_shuffle() -> Any:
    """Reshape, transpose, reshape: groups are interleaved, and shrink alike."""
    x = keras.Input((4, 4, 3))
    y = conv(12)(x)
    y = ops.reshape(y, (-1, 4, 4, 2, 6))
    y = ops.reshape(ops.transpose(y, (0, 1, 2, 4, 3)), (-1, 4, 4, 12))
    return keras.Model(x, head(layers.Flatten()(conv(4)(y))))


@pattern(6)
def tokens_folded_into_the_batch() -> Any:
    """A reshape that leaves the batch to be inferred holds the width, which must follow."""
    x = keras.Input((4, 3))
    y = ops.reshape(layers.Dense(6, activation="relu")(x), (-1, 6))
    y = layers.Dense(2)(y)
    return keras.Model(x, head(ops.reshape(y, (-1, 8))))


@pattern(5)
def open_reshape() -> Any:
    """Lengths that are not known, and a width that is written in the layer."""
    x = keras.Input((None, None, 3))
    y = layers.Reshape((-1, 5))(conv(5, activation="relu")(x))
    return keras.Model(x, head(layers.GlobalMaxPooling1D()(y)))


@pattern(5, 4)
def stacked_and_taken_apart() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(5, activation="tanh")(x)
    pair = ops.stack([y, ops.negative(y)], axis=1)
    one, two = ops.unstack(pair, axis=1)
    z = layers.Dense(4, activation="relu")(ops.flip(one, axis=-1))
    return keras.Model(x, head(ops.concatenate([z, ops.moveaxis(pair, 1, -1)[:, :, 0], two], -1)))


@pattern(4)
def repeated_and_tiled() -> Any:
    x = keras.Input((3,))
    y = layers.Dense(4, activation="tanh")(x)
    wide = ops.concatenate([ops.tile(y, (1, 2)), ops.repeat(y, 3, axis=-1)], axis=-1)
    high = ops.repeat(ops.expand_dims(wide, 1), 2, axis=1)
    return keras.Model(x, head(layers.Flatten()(ops.tile(high, (1, 2, 1)))))


@pattern(
    4, since=(3, 15), varied=True
)  # before, ops.squeeze compares None in a way that Python warns of
def squeezed() -> Any:
    """An axis that shrinks to one must not be squeezed out with those that were one."""
    x = keras.Input((3,))
    y = ops.squeeze(ops.reshape(layers.Dense(4, activation="tanh")(x), (-1, 1, 4)))
    return keras.Model(x, head(y))


@pattern(4, 6)
def reductions() -> Any:
    """Over time all channels stay apart; over channels they stay."""
    x = keras.Input((5, 3))
    y = layers.Dense(4, activation="tanh")(x)
    spread = ops.std(y, axis=1) + ops.logsumexp(y, axis=(1,)) * ops.max(y, axis=1)
    kept = ops.sum(layers.Dense(5, activation="relu")(x), axis=-1)
    z = layers.Dense(6, activation="relu")(ops.concatenate([spread, kept], axis=-1))
    return keras.Model(x, head(ops.cumsum(ops.expand_dims(z, 1), axis=1)))


@pattern(5)
def conditions() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(5)(x)
    y = ops.where(y > 0.1, ops.minimum(y, 2.0), ops.exp(y) - 1)
    return keras.Model(x, head(ops.cast(y, "float64")))


@pattern(5)
def pooled_by_operations() -> Any:
    x = keras.Input((6, 6, 3))
    y = ops.max_pool(conv(5)(x), 2)
    y = ops.pad(y, [[0, 0], [1, 1], [0, 0], [0, 0]])
    return keras.Model(x, head(layers.Flatten()(ops.average_pool(y, 2))))


@pattern(5)
def broadcast() -> Any:
    x = keras.Input((4,))
    y = ops.expand_dims(layers.Dense(5, activation="tanh")(x), 1)
    return keras.Model(x, head(layers.Flatten()(y * ops.ones((1, 3, 1)))))


@pattern(6)
def batch_is_left_alone() -> Any:
    """Operations that move the batch are not followed: the second layer stays."""
    x = keras.Input(batch_shape=(3, 4))
    y = layers.Dense(6, activation="relu")(x)
    y = ops.transpose(layers.Dense(5)(y))
    return keras.Model(x, head(ops.transpose(y)))
