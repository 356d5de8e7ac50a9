"""Multiply-adds of one call of an operation for one sample, counted by its class.

Counted are the products that kernels and matrix products sum up, as is usual; biases, activations,
normalisation, pooling and other work per element are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import keras

from pytest_paoding.engine.execution.work.products import value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.execution.work.products import Product
    from pytest_paoding.engine.graph.trace import Call, Graph

    Counter: TypeAlias = Callable[[Call], Sequence[Product] | None]

PER_MULTIPLY_ADD = 2
"""Floating-point operations."""
_Counter = TypeVar("_Counter", bound="Callable[[Call], Sequence[Product] | None]")
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


def multiply_adds(call: Call) -> int | None:
    """Return the multiply-adds of a call for one sample; None where no counter is registered.

    Raises:
        UnknownLengthError: A length that matters is not fixed.
    """
    found = products_of(call)
    return None if found is None else value(found)


def products_of(call: Call) -> Sequence[Product] | None:
    """Return the products that a call's multiply-adds are the sum of; None where not known."""
    counter = _counters.get(type(call.operation))
    if counter is not None:
        return counter(call)
    return () if _works_per_element(call.operation) else None


def flops(graph: Graph) -> int:
    """Return the floating-point operations of all calls for one sample, as far as known.

    Raises:
        UnknownLengthError: A length that matters is not fixed.
    """
    return PER_MULTIPLY_ADD * sum(multiply_adds(call) or 0 for call in graph.calls)


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
