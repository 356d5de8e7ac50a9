"""The signature of a model: names, shapes and dtypes of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import as_functional
from pytest_paoding.engine.ports import Port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
