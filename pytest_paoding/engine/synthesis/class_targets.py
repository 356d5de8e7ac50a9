"""Class targets: what inputs are moved towards, where a model classifies."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.synthesis.descent import NoGradientError

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph
    from pytest_paoding.engine.graph.types import FloatArray

_CERTAINTY = 0.95  # target probability of the class that is drawn


def classifying(graph: Graph) -> list[Call]:
    """Return the calls that output classes: a softmax, sigmoids, or what looks like logits."""
    return [
        call
        for call in graph.output_calls
        if (_activation(call) is not None)
        and (_activation(call) is not keras.activations.linear or _several(call))
    ]


def _several(call: Call) -> bool:
    return bool(call.outputs[0].shape) and (call.outputs[0].shape[-1] or 0) > 1


def _activation(call: Call) -> Any:
    """Return softmax, sigmoid or linear; None for any other."""
    known = (keras.activations.softmax, keras.activations.sigmoid, keras.activations.linear)
    if type(call.operation) is keras.layers.Softmax:
        return keras.activations.softmax
    activation = getattr(call.operation, "activation", None)
    return activation if activation in known else None


def drawn_targets(graph: Graph, count: int, generator: np.random.Generator) -> list[FloatArray]:
    """Draw the target probabilities of each head for each input."""
    targets = []
    for call in classifying(graph):
        shape = (count, *(size or 1 for size in call.outputs[0].shape))
        if _activation(call) is keras.activations.sigmoid:
            classes = 2
            chosen = generator.integers(0, classes, shape).astype(np.float32)
        else:
            classes = shape[-1]
            chosen = np.eye(classes, dtype=np.float32)[generator.integers(0, classes, shape[:-1])]
        values = _CERTAINTY * chosen + (1 - _CERTAINTY) / classes
        targets.append(values.astype(np.float32))
    return targets


def cross_entropy(call: Call, logits: Any, targets: Any) -> Any:
    """Return the mean distance of a head's logits from its target probabilities.

    Raises:
        NoGradientError: The head gives values of another shape than it says.
    """
    given, said = tuple(logits.shape), tuple(targets.shape)
    if None not in (*given, *said) and prod(given) != prod(said):
        raise NoGradientError(f"layer {call.name!r} says that it gives {said[1:]}, not {given[1:]}")
    logits = tf.reshape(tf.cast(logits, tf.float32), tf.shape(targets))
    if _activation(call) is keras.activations.sigmoid:
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    else:
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    return tf.reduce_mean(losses)
