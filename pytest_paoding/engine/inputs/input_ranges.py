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

    from pytest_paoding.records.protocol import InputRange


def given_ranges(names: list[str], given: InputRange | None) -> dict[str, tuple[float, float]]:
    """Return the ranges that a user gave, by the names of inputs.

    Args:
        names: Names of all inputs.
        given: One pair of low and high for all, or one for some inputs by their names.

    Raises:
        PruningError: A range is not a pair of finite, rising numbers, or no input has its name.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, _pair(given))
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise PruningError(f"input_range names {unknown}: the inputs of the model are {names}")
    return {name: _pair(pair) for name, pair in given.items()}


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
