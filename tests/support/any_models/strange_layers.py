"""Layers as projects write them: odd outputs, odd configurations, sublayers, counters."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


class Scaled(layers.Layer):
    """A layer with a weight for each channel, fully described by its configuration."""

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x: Any) -> Any:
        return x * self.scale


class Holder(layers.Layer):
    """A layer around others, whose configuration holds a number only."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.inner = layers.Dense(units, activation="relu")
        self.norm = layers.LayerNormalization()

    def build(self, shape: Any) -> None:
        self.inner.build(shape)
        self.norm.build((*shape[:-1], self.units))

    def call(self, x: Any, training: Any = None) -> Any:
        return self.norm(self.inner(x), training=training)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class Forgetful(layers.Layer):
    """A layer whose configuration lacks an argument of its constructor."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = tf.constant(factor)

    def call(self, x: Any) -> Any:
        return x * ops.cast(self.factor, x.dtype)


class Pair(layers.Layer):
    """A layer of two outputs."""

    def call(self, x: Any) -> Any:
        return x, ops.mean(x, axis=-1, keepdims=True)


class Named(layers.Layer):
    """A layer whose output is a dict."""

    def call(self, x: Any) -> Any:
        return {"value": x, "size": ops.sum(ops.abs(x), axis=-1, keepdims=True)}


class Native(layers.Layer):
    """A layer of TensorFlow's own operations."""

    def call(self, x: Any) -> Any:
        return tf.nn.relu(x) + tf.reduce_mean(x, axis=-1, keepdims=True)

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


class Counter(layers.Layer):
    """A layer that counts its calls, in inference too."""

    def build(self, _: Any) -> None:
        self.calls = self.add_weight(
            shape=(), initializer="zeros", trainable=False, dtype="float32"
        )

    def call(self, x: Any) -> Any:
        self.calls.assign_add(1.0)
        return x * 1.0


class Noisy(layers.Layer):
    """A layer that is random in inference."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x: Any) -> Any:
        noise = keras.random.normal(ops.shape(x), dtype=x.dtype, seed=self.seeds)
        return x + noise


class Charged(layers.Layer):
    """A layer that adds a loss."""

    def call(self, x: Any) -> Any:
        self.add_loss(ops.mean(x))
        return x


class Derived(layers.Dense):
    """A dense layer that computes something else."""

    def call(self, x: Any) -> Any:
        return super().call(x) * 2.0


STRANGE = {
    "custom scale": lambda _: Scaled(),
    "custom holder": lambda chance: Holder(chance.width()),
    "custom forgetful": lambda _: Forgetful(2.0),
    "custom pair": lambda _: Pair(),
    "custom dict": lambda _: Named(),
    "custom native": lambda _: Native(),
    "custom counter": lambda _: Counter(),
    "custom noise": lambda _: Noisy(),
    "custom loss": lambda _: Charged(),
    "custom dense": lambda chance: Derived(chance.width()),
    "lambda": lambda _: layers.Lambda(lambda x: x * 2),
}
