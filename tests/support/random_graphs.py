"""Random models of convolutions and dense layers, for Hypothesis to draw and to shrink."""

from __future__ import annotations

from typing import Any

import keras
from hypothesis import strategies as st
from keras import layers, ops

_ACTIVATIONS = st.sampled_from([None, "relu", "tanh"])
_WIDTHS = st.integers(1, 6)


class Growing:
    """A model that grows: tensors to build upon, and layers to use again."""

    def __init__(self, draw: Any, *, depth: int = 0) -> None:
        self.draw = draw
        self.depth = depth
        self.layers: list[tuple[Any, tuple[int | None, ...]]] = []

    def choose(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def step(self, tensors: list[Any]) -> Any:
        """Return a new tensor made from one or two of `tensors`."""
        x = self.choose(*tensors)
        steps = [self.normalised, self.activated, self.reused, self.merged, self.split]
        if len(x.shape) == 4:  # maps
            steps += [self.convolved, self.convolved, self.pooled, self.flattened, self.gated]
        else:
            steps += [self.dense, self.dense, self.as_map]
        if self.depth == 0:
            steps.append(self.nested)
        return self.choose(*steps)(x, tensors)

    def remember(self, layer: Any, x: Any) -> Any:
        self.layers.append((layer, x.shape[1:]))
        return layer(x)

    def dense(self, x: Any, _: list[Any]) -> Any:
        return self.remember(layers.Dense(self.draw(_WIDTHS), self.draw(_ACTIVATIONS)), x)

    def convolved(self, x: Any, _: list[Any]) -> Any:
        options = {"padding": "same", "activation": self.draw(_ACTIVATIONS)}
        size, width = self.choose(1, 2), self.draw(_WIDTHS)
        layer = self.choose(
            layers.Conv2D(width, size, **options),
            layers.SeparableConv2D(width, size, **options),
            layers.Conv2DTranspose(width, size, **options),
            layers.DepthwiseConv2D(size, depth_multiplier=self.choose(1, 2), **options),
        )
        return self.remember(layer, x)

    def normalised(self, x: Any, _: list[Any]) -> Any:
        return self.remember(layers.BatchNormalization(), x)

    def activated(self, x: Any, _: list[Any]) -> Any:
        layer = self.choose(
            layers.ReLU(), layers.Dropout(0.2), layers.Activation("sigmoid"), layers.PReLU()
        )
        return self.remember(layer, x)

    def reused(self, x: Any, tensors: list[Any]) -> Any:
        fitting = [layer for layer, shape in self.layers if shape == x.shape[1:]]
        return self.choose(*fitting)(x) if fitting else self.activated(x, tensors)

    def merged(self, x: Any, tensors: list[Any]) -> Any:
        y = self.choose(*[each for each in tensors if each.shape == x.shape])
        kind = self.choose("add", "multiply", "subtract", "concatenate", "maximum", "+", "*")
        if kind in "+*":
            return x + y if kind == "+" else x * y
        return getattr(layers, kind)([x, y])

    def split(self, x: Any, tensors: list[Any]) -> Any:
        width = x.shape[-1]
        if width < 2:  # parts
            return self.activated(x, tensors)
        at = self.draw(st.integers(1, width - 1))
        if self.draw(st.booleans()):
            return x[..., at:]
        one, two = ops.split(x, [at], axis=-1)
        return self.choose(one, ops.concatenate([two, one], axis=-1))

    def pooled(self, x: Any, tensors: list[Any]) -> Any:
        if x.shape[1] < 2:  # a window
            return self.activated(x, tensors)
        return self.choose(layers.MaxPooling2D(2), layers.AveragePooling2D(2))(x)

    def gated(self, x: Any, _: list[Any]) -> Any:
        """Squeeze and excite, or a gate over space."""
        if self.draw(st.booleans()):
            return x * layers.Conv2D(1, 1, activation="sigmoid")(x)
        width = x.shape[-1]
        gate = layers.Dense(width, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
        return layers.Multiply()([x, layers.Reshape((1, 1, width))(gate)])

    def flattened(self, x: Any, _: list[Any]) -> Any:
        return self.choose(layers.Flatten(), layers.GlobalAveragePooling2D())(x)

    def as_map(self, x: Any, _: list[Any]) -> Any:
        width = self.draw(st.integers(1, 3))
        return layers.Reshape((2, 2, width))(layers.Dense(4 * width)(x))

    def nested(self, x: Any, _: list[Any]) -> Any:
        """A nested model, sometimes used again on another tensor of that shape."""
        inner = keras.Input(x.shape[1:])
        grown = grow(Growing(self.draw, depth=1), [inner], self.draw(st.integers(1, 3)))
        return self.remember(keras.Model(inner, grown[-1]), x)


def grow(growing: Growing, tensors: list[Any], steps: int) -> list[Any]:
    for _ in range(steps):
        tensors = [*tensors, growing.step(tensors)]
    return tensors


def random_model(draw: Any) -> Any:
    """Draw a model: a first layer that may shrink, some steps, one or two heads."""
    growing = Growing(draw)
    if draw(st.booleans()):
        x = keras.Input((4, 4, 2))
        first = layers.Conv2D(4, 1, activation="tanh")(x)
    else:
        x = keras.Input((3,))
        first = layers.Dense(4, activation="tanh")(x)
    tensors = grow(growing, [first], draw(st.integers(2, 9)))
    heads = [layers.Dense(2)(_flat(tensors[-1]))]
    if draw(st.booleans()):
        heads.append(layers.Dense(2)(_flat(draw(st.sampled_from(tensors)))))
    return keras.Model(x, heads)


def _flat(tensor: Any) -> Any:
    return layers.Flatten()(tensor) if len(tensor.shape) > 2 else tensor
