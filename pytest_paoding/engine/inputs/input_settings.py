"""What a user says of a model's inputs: one thing for all of them, or for some by their names."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_paoding.engine.execution.signature import signature_of
from pytest_paoding.engine.ports import find, listed
from pytest_paoding.errors import PruningError
from pytest_paoding.records.protocol import INPUT_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.records.protocol import InputKind, InputKinds, InputRange

T = TypeVar("T")


def input_names(model: Any) -> list[str]:
    """Return the names of a model's inputs, in the order of its flattened inputs.

    A name is the key in the model's own dict of inputs, or else that of the input's layer.
    """
    return [port.name for port in signature_of(model).inputs]


def by_input(model: Any, given: Mapping[str, T], setting: str) -> dict[str, T]:
    """Return what is given for some inputs, by the names that `input_names` gives them.

    Args:
        model: A Sequential or Functional model.
        given: Anything by names of inputs: their keys in the model's own dict, the names of their
            layers or of their tensors.
        setting: What is given, for the message.

    Raises:
        PruningError: No input has such a name, or one is named twice.
    """
    ports = signature_of(model).inputs
    found: dict[str, T] = {}
    for name, value in given.items():
        index = find(ports, name)
        if index is None:
            raise PruningError(
                f"{setting} names {name!r}: the inputs of the model are {listed(ports)}"
            )
        if ports[index].name in found:
            raise PruningError(f"{setting} names the input {ports[index].name!r} twice")
        found[ports[index].name] = value
    return found


def given_ranges(model: Any, given: InputRange | None) -> dict[str, tuple[float, float]]:
    """Return the ranges that a user gave, by the names of inputs.

    Args:
        model: A Sequential or Functional model.
        given: One pair of low and high for all, or one for some inputs by their names.

    Raises:
        PruningError: A range is not a pair of finite, rising numbers, or no input has its name.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(input_names(model), _pair(given))
    return {name: _pair(pair) for name, pair in by_input(model, given, "input_range").items()}


def given_kinds(model: Any, given: InputKinds | None) -> dict[str, InputKind]:
    """Return the kinds that a user gave, by the names of inputs.

    Args:
        model: A Sequential or Functional model.
        given: One kind for all, or one for some inputs by their names.

    Raises:
        PruningError: There is no such kind, or no input has the name.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        given = dict.fromkeys(input_names(model), given)
    kinds = by_input(model, given, "input_kind")
    for kind in kinds.values():
        if kind not in INPUT_KINDS:
            raise PruningError(f"input_kind {kind!r} is not one of {', '.join(INPUT_KINDS)}")
    return kinds


def _pair(given: Sequence[float]) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in given)
    except (TypeError, ValueError):
        raise PruningError(f"input_range {given!r} is not a pair of low and high") from None
    if not (isfinite(low) and isfinite(high) and low < high):
        raise PruningError(f"input_range ({low}, {high}) is not finite and rising")
    return low, high
