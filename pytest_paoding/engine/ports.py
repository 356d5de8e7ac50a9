"""The inputs and outputs of a model, and arrays fitted to them as leniently as Keras does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.graph.types import Shape


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model.

    Attributes:
        names: Its names, the usual one first: the key in the model's own dict of inputs or
            outputs, the layer's name, the tensor's.
        shape: Its shape without the batch; None where a length is not fixed.
        dtype: Its dtype by name.
    """

    names: tuple[str, ...]
    shape: Shape
    dtype: str

    @property
    def name(self) -> str:
        """The usual name."""
        return self.names[0]

    @property
    def units(self) -> int:
        """The length of its last axis; 1 where it has none, or one that is not fixed."""
        return (self.shape[-1] if self.shape else 1) or 1

    @property
    def floating(self) -> bool:
        """Whether its values are floating-point numbers."""
        return "float" in self.dtype


def find(ports: Sequence[Port], name: str) -> int | None:
    """Return the index of the port called `name`, None if there is none.

    A usual name goes before others: layers may have the names of each other's keys.
    """
    usual = (index for index, port in enumerate(ports) if name == port.name)
    other = (index for index, port in enumerate(ports) if name in port.names)
    return next(usual, next(other, None))


def listed(ports: Iterable[Port]) -> str:
    """Return the names of ports for a message."""
    return ", ".join(repr(port.name) for port in ports)


def fitted(array: Any, shape: Sequence[int | None]) -> Any | None:
    """Return samples in the shape of a tensor, None if they do not fit it.

    A last axis of length one may be missing or over.

    Args:
        array: The samples, shape (samples, ...).
        shape: The tensor's, without the batch; None where a length is not fixed.
    """
    if array.ndim == len(shape) and tuple(shape[-1:]) == (1,):
        array = array[..., np.newaxis]
    elif array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == len(shape) + 1 and all(
        length in (None, size) for length, size in zip(shape, array.shape[1:], strict=True)
    )
    return array if fits else None
