"""Products of lengths: the work of a call, that follows its axes when they shrink."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_paoding.engine.graph.trace import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class UnknownLengthError(ValueError):
    """A shape has a length that is not fixed."""


@dataclass(frozen=True, slots=True, eq=False)
class Length:
    """One factor of a product.

    Attributes:
        size: The factor; None where a length is not fixed.
        of: The tensor or the weight of which it is the length of an axis; None for a constant.
        axis: That axis from 0, of a tensor without the batch.
    """

    size: int | None
    of: Any = None
    axis: int = 0


Product: TypeAlias = tuple[Length, ...]
"""Lengths that are multiplied."""


def constant(*sizes: int) -> Product:
    """Return factors that never shrink."""
    return tuple(Length(int(size)) for size in sizes)


def along(tensor: Any) -> Product:
    """Return the lengths of a tensor, the batch left out; a constant in its place has no axes."""
    shape = shape_of(tensor)
    return tuple(Length(size, tensor, axis) for axis, size in enumerate(shape))


def axes_of(weight: Any) -> Product:
    """Return the lengths of a weight."""
    return tuple(Length(int(size), weight, axis) for axis, size in enumerate(weight.shape))


def value(products: Iterable[Product]) -> int:
    """Return the sum of products.

    Raises:
        UnknownLengthError: A length is not fixed.
    """
    return sum(prod(_size(length) for length in product) for product in products)


def _size(length: Length) -> int:
    if length.size is None:
        raise UnknownLengthError
    return length.size
