"""Multiply-adds of one call of an operation for one sample, counted by its class.

Counted are the products that kernels and matrix products sum up, as is usual; biases, activations,
normalisation, pooling, Fourier transforms and other work per element are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pytest_paoding.engine.execution.work.heirs import computed_as, of_keras
from pytest_paoding.engine.execution.work.products import value
from pytest_paoding.engine.graph.rules.registry import known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.execution.work.products import Product
    from pytest_paoding.engine.graph.trace import Call

    Counter: TypeAlias = Callable[[Call], Sequence[Product] | None]

PER_MULTIPLY_ADD = 2
"""Floating-point operations."""
_Counter = TypeVar("_Counter", bound="Callable[[Call], Sequence[Product] | None]")
_counters: dict[type, Counter] = {}
_PER_ELEMENT = {
    *known("keras.layers", "BatchNormalization", "Embedding", "GroupNormalization"),
    *known("keras.layers", "LayerNormalization", "Normalization", "PReLU", "RMSNormalization"),
    *known("keras.src.applications.convnext", "LayerScale"),
}
"""Layers that have weights, but only scale, shift or look up what they hold."""


def multiply_adds(call: Call) -> int | None:
    """Return the multiply-adds of a call for one sample; None where they are not known.

    Raises:
        UnknownLengthError: A length that matters is not fixed.
    """
    found = products_of(call)
    return None if found is None else value(found)


def products_of(call: Call) -> Sequence[Product] | None:
    """Return the products that a call's multiply-adds are the sum of; None where not known."""
    counter = _counters.get(computed_as(call.operation))
    if counter is not None:
        return counter(call)
    return () if works_per_element(call.operation) else None


def works_per_element(operation: Any) -> bool:
    """Whether an operation sums no products: one of Keras's own without counter or weights."""
    kind = computed_as(operation)
    if kind in _PER_ELEMENT:
        return True
    return of_keras(kind) and kind not in _counters and not getattr(operation, "weights", ())


def counts(*classes: type) -> Callable[[_Counter], _Counter]:
    """Register the decorated function as the counter of classes, and of those that add nothing."""

    def register(function: _Counter) -> _Counter:
        _counters.update(dict.fromkeys(classes, function))
        return function

    return register
