"""Loops: layers that go over their inputs step by step, traced as one function of TensorFlow.

TensorFlow runs each operation of each step on its own, with more time between operations than in
them: a recurrent convolution over twenty pictures takes ten times as long as its arithmetic. Such a
call is traced, once for each shape of its inputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.trace import Call

LOOPS = (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.TimeDistributed)


def is_loop(layer: Any) -> bool:
    """Whether a layer goes step by step, is Keras's own in all parts, and keeps no states."""
    if not isinstance(layer, LOOPS) or getattr(layer, "stateful", False):
        return False
    return all(type(each).__module__.startswith("keras.") for each in _parts(layer))


def traced(call: Call) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what `call.on` does, of a call of such a layer, as one function of TensorFlow.

    The function reads the weights as they are, or as a `keras.StatelessScope` says, at every call.

    Raises:
        ExecutionError: By the function: the layer refuses its inputs.
    """
    variables = call.operation.weights

    def step(
        values: list[Any], masks: list[Any], weights: list[Any]
    ) -> tuple[list[Any], list[Any]]:
        with keras.StatelessScope(list(zip(variables, weights, strict=True))):
            outputs = call.on([_with_mask(*each) for each in zip(values, masks, strict=True)])
        return outputs, [_mask(each) for each in outputs]

    function = tf.function(step, autograph=False)

    def run(inputs: Sequence[Any]) -> list[Any]:
        weights = [tf.convert_to_tensor(each.value) for each in variables]
        try:
            found = function(list(inputs), [_mask(each) for each in inputs], weights)
        except tf.errors.OpError as error:
            raise call.refused(inputs, error) from error
        return [_with_mask(*each) for each in zip(*found, strict=True)]

    return run


def _parts(layer: Any) -> list[Any]:
    """Return a layer with all that it holds."""
    parts: list[Any] = list(layer._flatten_layers())  # noqa: SLF001 # there is no public way
    return parts


def _mask(value: Any) -> Any:
    return getattr(value, "_keras_mask", None)


def _with_mask(value: Any, mask: Any) -> Any:
    if mask is not None:
        value._keras_mask = mask  # noqa: SLF001 # layers look for it there
    return value
