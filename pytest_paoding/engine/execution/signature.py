"""The signature of a model: names, shapes and dtypes of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import as_functional

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


@dataclass(frozen=True, slots=True)
class Signature:
    """The inputs and outputs of a model, in Keras's flat order.

    Attributes:
        inputs: Its inputs.
        outputs: Its outputs.
        structure: The nested structure the model is called with.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    structure: Any


def signature_of(model: Any) -> Signature:
    """Return the signature of a Sequential or Functional model."""
    functional = as_functional(model) if isinstance(model, keras.Sequential) else model
    layers = [each for each in functional.operations if isinstance(each, keras.layers.InputLayer)]
    by_tensor = {id(layer.output): layer.name for layer in layers}
    inputs = zip((by_tensor[id(tensor)] for tensor in model.inputs), model.inputs, strict=True)
    outputs = zip(functional.output_names, model.outputs, strict=True)
    return Signature(
        _ports(inputs, functional.input), _ports(outputs, functional.output), functional.input
    )


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


def _ports(named: Iterable[tuple[str, Any]], structure: Any) -> tuple[Port, ...]:
    keys = _keys(structure) if isinstance(structure, dict) else {}
    return tuple(
        Port(
            tuple(dict.fromkeys((*keys.get(id(tensor), ()), name, tensor.name))),
            tuple(tensor.shape[1:]),
            str(tensor.dtype),
        )
        for name, tensor in named
    )


def _keys(structure: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    return {id(tensor): (str(key),) for key, tensor in structure.items()}
