"""Class targets: what inputs are moved towards, where a model classifies."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.synthesis.descent import NoGradientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
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


def leaning_targets(
    model: Model, inputs: Mapping[Tensor, Any], generator: np.random.Generator
) -> list[FloatArray]:
    """Return for each head the class that it takes each input for, in balance.

    Inputs of a class beyond its even share go to those that have too few.
    """
    graph = model.graph
    heads = classifying(graph)
    if not heads:
        return []
    wave, found = Wave(model, [inputs]), {}
    for call in graph.calls:
        if call in heads:
            found[call] = values_of(tf.cast(wave.final(call)[0], tf.float32))
        wave.advance()
    return [_leaning(call, found[call], generator) for call in heads]


def _leaning(call: Call, logits: FloatArray, generator: np.random.Generator) -> FloatArray:
    shape = (len(logits), *(size or 1 for size in call.outputs[0].shape))
    logits = logits.reshape(shape)
    if _activation(call) is keras.activations.sigmoid:
        return np.asarray(logits > 0, np.float32)
    classes = shape[-1]
    chosen = logits.argmax(axis=-1)
    if chosen.ndim == 1:
        even = -(-len(chosen) // classes)
        order = np.argsort(chosen, kind="stable")
        place = np.arange(len(chosen)) - np.searchsorted(chosen[order], chosen[order])
        surplus = order[place >= even]
        missing = np.maximum(even - np.bincount(chosen, minlength=classes), 0)
        wanted = generator.permutation(np.repeat(np.arange(classes), missing))
        chosen[surplus] = wanted[: len(surplus)]
    found: FloatArray = np.eye(classes, dtype=np.float32)[chosen]
    return found


def cross_entropy(call: Call, logits: Any, targets: Any, temperature: float = 1.0) -> Any:
    """Return the mean distance of a head's logits from its target probabilities.

    Raises:
        NoGradientError: The head gives values of another shape than it says.
    """
    given, said = tuple(logits.shape), tuple(targets.shape)
    if None not in (*given, *said) and prod(given) != prod(said):
        raise NoGradientError(f"layer {call.name!r} says that it gives {said[1:]}, not {given[1:]}")
    logits = tf.reshape(tf.cast(logits, tf.float32), tf.shape(targets)) / temperature
    if _activation(call) is keras.activations.sigmoid:
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
    else:
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    return tf.reduce_mean(losses)


def class_shares(call: Call, logits: Any) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities of a head's classes, and how undecided it is.

    Args:
        call: The head.
        logits: Its outputs before their activation, shape (samples, ..., classes).

    Returns:
        Probabilities of each class, a mean over positions, shape (samples, classes): of sigmoids
        yes and no of each unit, with one over their number as their sum; and the mean entropy over
        positions as a share of the most there can be, shape (samples,).
    """
    logits = tf.cast(logits, tf.float32)
    width = logits.shape[-1] if len(logits.shape) > 1 else 1
    logits = tf.reshape(logits, (tf.shape(logits)[0], -1, width))
    if _activation(call) is keras.activations.sigmoid or width == 1:
        yes = tf.sigmoid(logits)
        each = tf.stack([yes, 1 - yes], axis=-1)
    else:
        each = tf.nn.softmax(logits)[:, :, None]
    classes = each.shape[-1]
    entropy = -tf.reduce_sum(each * tf.math.log(each + 1e-9), axis=-1) / np.log(classes)
    shares = tf.reshape(tf.reduce_mean(each, axis=1), (tf.shape(logits)[0], -1)) / each.shape[2]
    return values_of(shares), values_of(tf.reduce_mean(entropy, axis=(1, 2)))
