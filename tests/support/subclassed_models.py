"""Models whose calls only their own code knows, of the styles that people write them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = np.linspace(-1, 1, 40, dtype="float32").reshape(8, 5)
TOKENS = np.arange(56, dtype="int32").reshape(8, 7) % 20
PICTURES = np.linspace(0, 1, 8 * 64 * 3, dtype="float32").reshape(8, 8, 8, 3)


@dataclass(frozen=True)
class Style:
    """A model, built by being called once, and the data it was called on."""

    model: type
    data: Any = None

    def build(self) -> Any:
        keras.utils.set_random_seed(3)
        model = self.model()
        model(keras.tree.map_structure(ops.convert_to_tensor, self.data))
        for weight in model.weights:  # statistics that say something, biases that are not zero
            if "float" in str(weight.dtype):
                weight.assign(weight + 0.3 * keras.random.uniform(weight.shape))
        return model


STYLES: dict[str, Style] = {}


def style(data: Any) -> Callable[[type], type]:
    def register(model: type) -> type:
        STYLES[model.__name__] = Style(model, data)
        return model

    return register


class Two(keras.Model):
    """Two dense layers, for styles to put something between."""

    def __init__(self) -> None:
        super().__init__()
        self.first = layers.Dense(8, activation="relu")
        self.last = layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.last(self.first(x))


@style(FEATURES)
class Plain(Two):
    """Nothing but layers."""


class Block(keras.Model):
    """A residual block, whose layers have the same names in every one."""

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = layers.BatchNormalization(name="norm")
        self.inner = layers.Dense(width, name="inner")
        self.drop = layers.Dropout(0.3, name="drop")

    def call(self, x: Any, training: bool | None = None) -> Any:
        y = self.norm(self.inner(x), training=training)
        return ops.relu(x + self.drop(y, training=training))


@style(FEATURES)
class Nested(keras.Model):
    """Subclassed models in a list, run in a loop, and layers in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = layers.Dense(6)
        self.blocks = [Block(6) for _ in range(3)]
        self.heads = {"out": layers.Dense(2)}

    def call(self, x: Any, training: bool = False) -> Any:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, training=training)
        return self.heads["out"](x)


@style(FEATURES)
class Shared(keras.Model):
    """A layer called twice, and a block called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.twice, self.last = layers.Dense(6), layers.Dense(6), layers.Dense(2)
        self.block = Block(6)

    def call(self, x: Any) -> Any:
        x = self.twice(ops.relu(self.twice(self.stem(x))))
        return self.last(self.block(self.block(x)))


@style({"right": FEATURES[:, :4], "left": FEATURES})
class Named(keras.Model):
    """A dict of inputs, a dict of outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = layers.Dense(6, activation="tanh"), layers.Dense(6)
        self.hidden, self.last = layers.Dense(6), layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        both = self.one(inputs["left"]) * self.two(inputs["right"])
        return {"sum": self.last(both), "other": self.last(self.hidden(both))}


@style([FEATURES, FEATURES[:, :4]])
class Listed(Named):
    """A list of inputs, a tuple of outputs."""

    def call(self, inputs: Any) -> Any:
        found = super().call({"left": inputs[0], "right": inputs[1]})
        return found["sum"], found["other"]


@style(TOKENS)
class Words(keras.Model):
    """Tokens with a mask that an LSTM reads."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = layers.Embedding(20, 6, mask_zero=True)
        self.lstm, self.last = layers.LSTM(5), layers.Dense(2)

    def call(self, x: Any, training: bool | None = None, mask: Any = None) -> Any:
        return self.last(self.lstm(self.embed(x)))


class Transformer(layers.Layer):
    """A layer made of other layers, as in tutorials."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attend = layers.MultiHeadAttention(2, 4)
        self.norm = layers.LayerNormalization()
        self.feed = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(width)])
        self.drop = layers.Dropout(0.1)

    def call(self, x: Any, training: bool | None = None) -> Any:
        x = self.norm(x + self.drop(self.attend(x, x), training=training))
        return x + self.feed(x)


@style(TOKENS)
class Positions(keras.Model):
    """An embedding of positions, called on a constant, and layers composed of others."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.place = layers.Embedding(20, 8), layers.Embedding(7, 8)
        self.block, self.pool = Transformer(8), layers.GlobalAveragePooling1D()
        self.last = layers.Dense(2)

    def call(self, x: Any) -> Any:
        places = ops.arange(ops.shape(x)[1])
        return self.last(self.pool(self.block(self.embed(x) + self.place(places))))


@style(PICTURES)
class Pictures(keras.Model):
    """Convolutions, the batch asked of a tensor, and functions of TensorFlow."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.more = layers.Conv2D(6, 3, padding="same"), layers.Conv2D(4, 1)
        self.slope, self.last = layers.PReLU(shared_axes=[1, 2]), layers.Dense(3)

    def call(self, x: Any) -> Any:
        x = self.slope(self.conv(x))
        y = tf.nn.relu(tf.concat([self.more(x), x], axis=-1))
        y = tf.image.resize(y, [tf.shape(x)[1] // 2, 4])
        return self.last(tf.reshape(y, [tf.shape(y)[0], -1]))


@style(FEATURES)
class Batches(Two):
    """The batch asked of a tensor for `reshape`."""

    def call(self, x: Any) -> Any:
        x = ops.reshape(self.first(x), (ops.shape(x)[0], 2, 4))
        return self.last(ops.reshape(x, (ops.shape(x)[0], -1)))


@style(FEATURES)
class Changed(keras.Sequential):
    """A Sequential model that computes something else than its layers in a row."""

    def __init__(self) -> None:
        super().__init__([layers.Dense(8, activation="relu"), layers.Dense(3)])

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return 2 * super().call(inputs, training=training) + 1


@style(FEATURES)
class Rebuilt(keras.Model):
    """A model made by the functional constructor, with a `call` of its own."""

    def __init__(self) -> None:
        x = keras.Input((5,))
        super().__init__(x, layers.Dense(3)(layers.Dense(8, activation="relu")(x)))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        return ops.sigmoid(super().call(inputs, training=training))


class Noise(layers.Layer):
    """A layer that draws at random, from a generator of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(4)

    def call(self, x: Any) -> Any:
        return x + keras.random.normal(ops.shape(x), seed=self.seeds)


@style(FEATURES)
class Sampling(Two):
    """A layer that is random at inference, as in a variational autoencoder."""

    def __init__(self) -> None:
        super().__init__()
        self.noise, self.middle = Noise(), layers.Dense(8)

    def call(self, x: Any) -> Any:
        return self.last(self.middle(self.noise(self.first(x))))


@style(FEATURES)
class Assumed(Two):
    """A `training` that is on by default, and a layer that only training uses."""

    def __init__(self) -> None:
        super().__init__()
        self.aside = layers.Dense(2)

    def build(self, shape: Any = (None, 5)) -> None:
        self.first.build(shape)
        self.last.build((None, 8))
        self.aside.build((None, 8))
        super().build(shape)

    def call(self, x: Any, training: bool = True) -> Any:
        x = self.first(x)
        return (self.last(x), self.aside(x)) if training else self.last(x)


class Scaling(Two):
    """What a function makes of the input comes before the layers."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return super().call(self.function(x))


def called(model: Any, data: Any = FEATURES) -> Any:
    """Return a model that was called on data, which builds it."""
    model(ops.convert_to_tensor(data))
    return model
