"""Layers and models used more than once, several inputs and outputs."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from support.patterns.registry import conv, head, pattern


@pattern(6, 4, varied=True)
def siamese() -> Any:
    left, right = keras.Input((5,), name="left"), keras.Input((5,), name="right")
    first, second = layers.Dense(6, activation="relu"), layers.Dense(4, activation="tanh")
    y = layers.Subtract()([second(first(left)), second(first(right))])
    return keras.Model([left, right], head(y))


@pattern(6, varied=True)
def applied_twice() -> Any:
    x = keras.Input((5,))
    again = layers.Dense(6, activation="tanh")
    return keras.Model(x, head(again(again(layers.Dense(6)(x)))))


@pattern(6, 5, varied=True)
def nested_functional_after_sequential() -> Any:
    stem = keras.Sequential([keras.Input((6, 6, 3)), conv(6), layers.ReLU()], name="stem")
    inner = keras.Input((6, 6, 6))
    body = keras.Model(inner, layers.ReLU()(conv(5)(inner)), name="body")
    x = keras.Input((6, 6, 3))
    return keras.Model(x, head(layers.GlobalMaxPooling2D()(body(stem(x)))))


@pattern(6, 4, varied=True)
def encoder_used_twice() -> Any:
    inner = keras.Input((5,))
    y = layers.Dense(4, activation="tanh")(layers.Dense(6, activation="relu")(inner))
    encoder = keras.Model(inner, y, name="encoder")
    left, right = keras.Input((5,)), keras.Input((5,))
    return keras.Model([left, right], head(layers.Concatenate()([encoder(left), encoder(right)])))


@pattern(6)
def hidden_output() -> Any:
    """One of three outputs is a hidden tensor, whose units stay."""
    x = keras.Input((5,))
    y = layers.Dense(6, activation="relu", name="hidden")(x)
    z = layers.Dense(4, activation="relu", name="shown")(y)
    return keras.Model(
        x, {"z": z, "a": layers.Dense(2, name="a")(z), "b": layers.Dense(3, name="b")(y)}
    )


@pattern(5)
def dead_branch() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(5, activation="tanh")(x)
    layers.Dense(7, name="dead")(y)
    return keras.Model(x, head(y))


@pattern(6, 4, varied=True)
def two_inputs_two_outputs() -> Any:
    image, table = keras.Input((4, 4, 2), name="image"), keras.Input((3,), name="table")
    y = layers.GlobalAveragePooling2D(keepdims=True)(conv(6, activation="relu")(image))
    z = layers.Dense(4, activation="relu")(table)
    joined = layers.Concatenate()([layers.Flatten()(y), z])
    return keras.Model(
        {"image": image, "table": table},
        {"one": layers.Dense(2, name="one")(joined), "two": layers.Dense(3, name="two")(z)},
    )


@pattern(6)
def gate_from_an_input() -> Any:
    """Channels that meet an input stay, even where the gate is broadcast over space."""
    x, gate = keras.Input((4, 4, 3)), keras.Input((1, 1, 5))
    y = layers.Multiply()([conv(5)(conv(6)(x)), gate])
    return keras.Model([x, gate], head(layers.GlobalMaxPooling2D()(y)))


@pattern(6, 5, varied=True)
def nested_model_in_a_sequential() -> Any:
    """The inner model's input shrinks with the layer before it."""
    inner = keras.Input((6,))
    block = keras.Model(inner, layers.Add()([inner, layers.Dense(6, activation="tanh")(inner)]))
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6),
            block,
            keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu")]),
            layers.Dense(3),
        ]
    )


@pattern(6)
def weightless_model_used_twice() -> Any:
    """Only its single input shape ties the two uses of the model together."""
    inner = keras.Input((6,))
    twice = keras.Model(inner, layers.ReLU()(inner * 2.0), name="twice")
    x = keras.Input((4,))
    y, z = twice(layers.Dense(6)(x)), twice(layers.Dense(6)(x))
    return keras.Model(x, head(layers.Concatenate()([y, z])))


@pattern(6)
def reshape_used_twice() -> Any:
    """One layer, one target shape, two tensors: they shrink alike."""
    x = keras.Input((4,))
    shared = layers.Reshape((1, 6))
    y, z = shared(layers.Dense(6)(x)), shared(layers.Dense(6)(x))
    return keras.Model(x, head(layers.Flatten()(layers.Concatenate()([y, z]))))


@pattern(6, 5, 4)
def model_within_a_model_within_a_model() -> Any:
    a = keras.Input((6,))
    deep = keras.Model(a, layers.Dense(5, activation="relu")(a), name="deep")
    b = keras.Input((6,))
    middle = keras.Model(b, layers.Dense(4, activation="tanh")(deep(b)), name="middle")
    x = keras.Input((3,))
    return keras.Model(x, head(middle(layers.Dense(6, activation="relu")(x))))


@pattern(6)
def model_of_several_inputs_and_outputs() -> Any:
    p, q = keras.Input((6,), name="p"), keras.Input((6,), name="q")
    pair = keras.Model({"p": p, "q": q}, [layers.Add()([p, q]), layers.Maximum()([p, q])])
    x = keras.Input((4,))
    one, two = pair({"p": layers.Dense(6)(x), "q": layers.Dense(6)(x)})
    return keras.Model(x, head(layers.Concatenate()([one, two])))
