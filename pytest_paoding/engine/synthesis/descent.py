"""Descent: gradients, and steps along them, on tensors and without Keras state."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FIRST, _SECOND = 0.9, 0.99  # decay rates of the moments


class NoGradientError(Exception):
    """An operation of a model has no gradient; the message names it."""


def gradients_of(tape: tf.GradientTape, loss: Any, values: Sequence[Any]) -> list[Any]:
    """Return the gradients of a loss, zeros where it does not depend on a value.

    Raises:
        NoGradientError: The loss cannot be differentiated.
    """
    try:
        found: list[Any] = tape.gradient(
            loss, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
    except LookupError as error:
        raise NoGradientError(str(error)) from error
    return [tf.convert_to_tensor(each) for each in found]  # those of embeddings are sparse


class Adam:
    """Moves tensors against their gradients (Kingma & Ba 2015, arXiv 1412.6980, algorithm 1).

    All entries lie in one vector: the steps of many small tensors take longer to begin than to do.
    """

    def __init__(
        self, values: Sequence[Any], gradients: Callable[[list[Any], list[Any]], list[Any]]
    ) -> None:
        """Start from some tensors of 32 bits.

        Args:
            values: The tensors.
            gradients: Returns their gradients, of present values and what a step is shown.
        """
        self._shapes = [tuple(each.shape) for each in values]
        self._gradients = gradients
        entries = _joined(values)
        self._state = entries, tf.zeros_like(entries), tf.zeros_like(entries)
        self._steps = 0
        self._moved = tf.function(self._stride, autograph=False)

    @property
    def values(self) -> list[Any]:
        """The present tensors."""
        return self._parted(self._state[0])

    def stride(self, shown: Sequence[Any], rates: Sequence[float]) -> None:
        """Take a step for every rate, and move every entry of every tensor by about that.

        One step at a time would take as long for what is around it as for itself, of small tensors.

        Args:
            shown: Arrays of what each step is shown, the steps along their first axis.
            rates: The size of each step.
        """
        numbers = self._steps + 1 + np.arange(len(rates))
        self._state = self._moved(
            self._state,
            [tf.constant(each) for each in shown],
            [tf.constant(each, tf.float32) for each in (rates, numbers)],
        )
        self._steps += len(rates)

    def _stride(self, state: tuple[Any, Any, Any], shown: list[Any], rates: list[Any]) -> Any:
        """Return the state after all steps, one behind the other in one graph.

        There is no loop in it: TensorFlow 2.21 optimises some of them to tensors of no entries.
        """
        for at in range(rates[0].shape[0]):
            entries, first, second = ([each] for each in state)
            values = self._parted(*entries)
            slopes = _joined(self._gradients(values, [each[at] for each in shown]))
            moved = adam_step(entries, first, second, [slopes], (rates[0][at], rates[1][at]))
            state = moved[0][0], moved[1][0], moved[2][0]
        return state

    def _parted(self, entries: Any) -> list[Any]:
        """Return the tensors that hold these entries."""
        parts = tf.split(entries, [prod(shape) for shape in self._shapes])
        return [tf.reshape(*each) for each in zip(parts, self._shapes, strict=True)]


def _joined(tensors: Sequence[Any]) -> Any:
    """Return the entries of all tensors in one vector."""
    return tf.concat([tf.reshape(each, [-1]) for each in tensors], axis=0)


def adam_step(
    values: list[Any], first: list[Any], second: list[Any], gradients: list[Any], rates: Any
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return tensors, and the two moments of their gradients, after a step.

    Args:
        values: The tensors.
        first: Means of their gradients so far.
        second: Mean squares of them.
        gradients: Those of this step.
        rates: Size of a step, and its number, from 1.
    """
    rate, steps = rates
    mean, square = 1 - _FIRST**steps, 1 - _SECOND**steps  # corrections of the bias towards zero
    first = [_FIRST * m + (1 - _FIRST) * g for m, g in zip(first, gradients, strict=True)]
    second = [_SECOND * s + (1 - _SECOND) * g * g for s, g in zip(second, gradients, strict=True)]
    moved = [
        value - rate * (m / mean) / (tf.sqrt(s / square) + 1e-12)
        for value, m, s in zip(values, first, second, strict=True)
    ]
    return moved, first, second
