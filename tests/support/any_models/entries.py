"""Inputs of drawn models: what kinds there are, and data for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers, ops

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.any_models.chance import Chance

STRINGS = True
"""Whether inputs of strings are drawn."""

WORDS = ("red", "green", "blue", "a longer text", "", "42")
SAMPLES = 12


@dataclass(frozen=True)
class Entry:
    """One input: how it enters, and its values.

    `tensor` is what the model goes on with; `drawn` makes an array of samples.
    """

    given: Any
    tensor: Any
    drawn: Callable[[Chance, int], Any]


def entry(chance: Chance, name: str | None = None) -> Entry:
    """Draw an input and what first reads it."""
    kinds = [features, features, sequence, image, image, bytes_image, volume, tokens, codes, open_]
    kinds += [numbers, flags, fixed_batch, masked, halves]
    if STRINGS:
        kinds += [words, texts, words]
    return chance.one_of(*kinds)(chance, name)


def _floats(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0, dtype: Any = "float32"):
    return lambda chance, count: chance.arrays.uniform(low, high, (count, *shape)).astype(dtype)


def _wholes(shape: tuple[int, ...], high: int, dtype: Any = "int32"):
    return lambda chance, count: chance.arrays.integers(0, high, (count, *shape)).astype(dtype)


def features(chance: Chance, name: str | None) -> Entry:
    x = keras.Input((chance.one_of(1, 3, 6),), name=name)
    return Entry(x, x, _floats(x.shape[1:], *chance.one_of((0, 1), (-1, 1), (0, 255))))


def sequence(chance: Chance, name: str | None) -> Entry:
    x = keras.Input((chance.one_of(1, 4, 9), chance.one_of(1, 3)), name=name)
    return Entry(x, x, _floats(x.shape[1:]))


def image(chance: Chance, name: str | None) -> Entry:
    side = chance.one_of(4, 7, 8)
    shapes = (side, side, 1), (side, side + 1, 3), (side, side), (3, side, side)
    x = keras.Input(chance.one_of(*shapes), name=name)
    y = layers.Reshape((*x.shape[1:], 1))(x) if len(x.shape) == 3 else x
    return Entry(x, y, _floats(x.shape[1:]))


def bytes_image(chance: Chance, name: str | None) -> Entry:
    x = keras.Input((8, 8, chance.one_of(1, 3)), dtype=chance.one_of("uint8", "int32"), name=name)
    y = layers.Rescaling(1 / 255)(x) if chance.happens(0.6) else ops.cast(x, "float32")
    return Entry(x, y, _wholes(x.shape[1:], 256, x.dtype))


def volume(chance: Chance, name: str | None) -> Entry:
    x = keras.Input((4, 5, 4, chance.one_of(1, 2)), name=name)
    return Entry(x, x, _floats(x.shape[1:]))


def tokens(chance: Chance, name: str | None) -> Entry:
    length = chance.one_of(1, 5, None)
    x = keras.Input((length,), dtype=chance.one_of("int32", "int64", "float32", "uint8"), name=name)
    embedding = layers.Embedding(9, chance.width(), mask_zero=chance.happens(0.5))
    return Entry(x, embedding(x), _wholes((length or 6,), 9, x.dtype))


def codes(chance: Chance, name: str | None) -> Entry:
    """Categories as whole numbers, encoded by a layer of preprocessing."""
    x = keras.Input((chance.one_of(1, 3),), dtype=chance.one_of("int32", "int64"), name=name)
    mode = chance.one_of("one_hot", "multi_hot", "count", "int")
    counted = "multi_hot" if mode == "int" else mode
    layer = chance.one_of(
        lambda: layers.CategoryEncoding(10, output_mode=counted),
        lambda: layers.IntegerLookup(vocabulary=[1, 2, 5, 7], output_mode=mode),
        lambda: layers.Hashing(7, output_mode=mode, salt=3),
    )()
    y = layer(x)
    if "int" in str(y.dtype) and mode == "int":
        y = layers.Embedding(12, chance.width())(y)
    return Entry(x, ops.cast(y, "float32"), _wholes(x.shape[1:], 9, x.dtype))


def numbers(chance: Chance, name: str | None) -> Entry:
    """Features normalised, or put into bins."""
    x = keras.Input((3,), name=name)
    data = 3 + 5 * chance.array(20, 3)
    adapted = layers.Normalization()
    adapted.adapt(data)
    y = chance.one_of(
        lambda: adapted(x),
        lambda: layers.Normalization(mean=2.0, variance=chance.one_of(4.0, 0.0))(x),
        lambda: layers.Normalization(mean=0.0, variance=1.0, invert=True)(x),
        lambda: layers.Discretization([0.0, 1.0, 4.0], output_mode="one_hot")(x[:, :1]),
        lambda: layers.Embedding(4, 3)(layers.Discretization([0.0, 1.0, 4.0])(x)),
        lambda: ops.cast(layers.Discretization([0.0, 2.0], output_mode="multi_hot")(x), "float32"),
    )()
    return Entry(x, y, lambda c, count: 3 + 5 * c.array(count, 3))


def flags(_: Chance, name: str | None) -> Entry:
    x = keras.Input((4,), dtype="bool", name=name)
    return Entry(x, ops.cast(x, "float32"), _wholes((4,), 2, "bool"))


def fixed_batch(_: Chance, name: str | None) -> Entry:
    x = keras.Input(batch_shape=(3, 4, 2), name=name)
    return Entry(x, x, _floats((4, 2)))


def masked(chance: Chance, name: str | None) -> Entry:
    x = keras.Input((chance.one_of(5, None), 2), name=name)
    return Entry(x, layers.Masking(chance.one_of(0.0, -1.0))(x), _floats((5, 2)))


def halves(chance: Chance, name: str | None) -> Entry:
    dtype = chance.one_of("float16", "float64", "bfloat16")
    x = keras.Input(chance.one_of((5,), (6, 6, 2)), dtype=dtype, name=name)
    return Entry(x, x, _floats(x.shape[1:], dtype="float32" if dtype == "bfloat16" else dtype))


def open_(chance: Chance, name: str | None) -> Entry:
    shape = chance.one_of((None, 2), (None, None, 1), (None, None, 3), (8, None, 2), (None,))
    x = keras.Input(shape, name=name)
    y = ops.expand_dims(x, -1) if shape == (None,) else x
    return Entry(x, y, _floats(tuple(size or 8 for size in shape)))


def words(chance: Chance, name: str | None) -> Entry:
    """Categories as strings."""
    x = keras.Input((chance.one_of(1, 2),), dtype="string", name=name)
    mode = chance.one_of("int", "one_hot", "multi_hot", "count")
    layer = chance.one_of(
        lambda: layers.StringLookup(vocabulary=list(WORDS[:3]), output_mode=mode),
        lambda: layers.Hashing(8, output_mode=mode),
    )()
    y = layer(x)
    y = layers.Embedding(10, chance.width())(y) if mode == "int" else ops.cast(y, "float32")
    return Entry(x, y, _strings(x.shape[1:]))


def texts(chance: Chance, name: str | None) -> Entry:
    shape = chance.one_of((), (1,))
    x = keras.Input(shape, dtype="string", name=name)
    mode = chance.one_of("int", "multi_hot", "count", "tf_idf")
    options = {"output_sequence_length": chance.one_of(4, None)} if mode == "int" else {}
    layer = layers.TextVectorization(output_mode=mode, **options)
    layer.adapt(np.array(WORDS))
    y = layer(x)
    y = layers.Embedding(12, chance.width(), mask_zero=True)(y) if mode == "int" else y
    return Entry(x, y, _strings(shape))


def _strings(shape: tuple[int, ...]):
    return lambda chance, count: chance.arrays.choice(np.array(WORDS, object), (count, *shape))
