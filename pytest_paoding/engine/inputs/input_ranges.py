"""The range of legal inputs, as users give it: one for all inputs, or one for each by name."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import as_functional
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.records.protocol import InputRange


def input_ranges(graph: Graph, given: InputRange) -> dict[Tensor, tuple[float, float]]:
    """Return the range of each input tensor of a model.

    Args:
        graph: The model's graph.
        given: One pair of low and high, or one for each input by its name.

    Raises:
        PruningError: A range is not a pair of finite, rising numbers, or an input has none.
    """
    if not isinstance(given, Mapping):
        return dict.fromkeys(graph.inputs, _pair(given))
    names = input_names(graph.model)
    unknown = sorted(set(given) - set(names))
    missing = sorted(set(names) - set(given))
    if unknown or missing:
        raise PruningError(
            f"input_range names {unknown or 'no input too many'} and lacks {missing or 'none'}: "
            f"the inputs of model {graph.model.name!r} are {names}"
        )
    return {tensor: _pair(given[name]) for name, tensor in zip(names, graph.inputs, strict=True)}


def input_names(model: Any) -> list[str]:
    """Return the names of a model's inputs, in the order of its flattened inputs."""
    functional = as_functional(model)
    layers = {
        id(operation.output): operation.name
        for operation in functional.operations
        if isinstance(operation, keras.layers.InputLayer)
    }
    return [layers[id(tensor)] for tensor in functional.inputs]


def _pair(given: Sequence[float]) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in given)
    except (TypeError, ValueError):
        raise PruningError(f"input_range {given!r} is not a pair of low and high") from None
    if not (isfinite(low) and isfinite(high) and low < high):
        raise PruningError(f"input_range ({low}, {high}) is not finite and rising")
    return low, high
