"""Multiply-adds of one call of an operation for one sample, counted by its class.

Counted are the products that kernels and matrix products sum up, as is usual; biases, activations,
normalisation, pooling and other work per element are not.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import keras

from pytest_paoding.engine.graph.axes import channel_axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import Shape

    Counter: TypeAlias = Callable[[Call], int | None]

_Counter = TypeVar("_Counter", bound="Callable[[Call], int | None]")
_counters: dict[type, Counter] = {}
_PER_ELEMENT = frozenset(
    getattr(keras.layers, name)
    for name in (
        "BatchNormalization",
        "Embedding",
        "GroupNormalization",
        "LayerNormalization",
        "Normalization",
        "PReLU",
        "RMSNormalization",
    )
    if hasattr(keras.layers, name)  # the list has grown since Keras 3.5
)


class UnknownLengthError(ValueError):
    """A shape has a length that is not fixed."""


def multiply_adds(call: Call) -> int | None:
    """Return the multiply-adds of a call for one sample; None where no counter is registered.

    Raises:
        UnknownLengthError: A length that matters is not fixed.
    """
    counter = _counters.get(type(call.operation))
    if counter is not None:
        return counter(call)
    return 0 if _works_per_element(call.operation) else None


def _works_per_element(operation: Any) -> bool:
    """Whether an operation without a counter has no kernel: one of Keras's own without weights."""
    if type(operation) in _PER_ELEMENT:
        return True
    known = type(operation).__module__.partition(".")[0] == "keras"
    code = type(operation) is keras.layers.Lambda
    return known and not code and not getattr(operation, "weights", ())


def counts(*classes: type) -> Callable[[_Counter], _Counter]:
    """Register the decorated function as the counter of classes; only the exact class counts."""

    def register(function: _Counter) -> _Counter:
        _counters.update(dict.fromkeys(classes, function))
        return function

    return register


def size(shape: Shape) -> int:
    """Return the number of values of a shape.

    Raises:
        UnknownLengthError: A length is not fixed.
    """
    if None in shape:
        raise UnknownLengthError
    return prod(length for length in shape if length is not None)


def shapes(call: Call) -> tuple[Shape, Shape]:
    """Return the shapes of the first input and of the first output."""
    return call.inputs[0].shape, call.outputs[0].shape


def channels(layer: Any, shape: Shape) -> int:
    """Return the number of channels of a shape, the batch left out."""
    return size((shape[channel_axis(layer)],))
