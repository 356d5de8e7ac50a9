"""The inputs in a user's data, fitted to those of a model and checked, without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.ports import find, fitted, listed
from pytest_paoding.errors import RAISED, DataError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.engine.ports import Port

_BLOCK = 1 << 22  # values that are looked at together
_TEXTS = "USTO"  # kinds of dtypes: texts, bytes, strings of any length, objects


def inputs_of(x: Any, ports: Sequence[Port]) -> tuple[Any, ...]:
    """Return inputs without labels as one array for each input of the model, in its dtypes.

    Args:
        x: The inputs: an array, or for several inputs a list in their order or a dict by name.
        ports: The inputs of the model.

    Raises:
        DataError: They do not fit, or are not finite; the input is named.
    """
    return cast_inputs(fitting_inputs(x, ports), ports)


def sound_blocks(x: Any, ports: Sequence[Port]) -> Iterator[tuple[Any, ...]]:
    """Yield inputs as `inputs_of` returns them, some samples at a time; of none, one empty block.

    Cost: one pass over the values. Memory: that of a block in other dtypes than the model's.

    Raises:
        DataError: A sample does not fit, or is not finite; the input is named.
    """
    whole = fitting_inputs(x, ports)
    rows = max(1, _BLOCK // max(1, sum(prod(part.shape[1:]) for part in whole)))
    for start in range(0, max(1, len(whole[0])), rows):
        yield cast_inputs([part[start : start + rows] for part in whole], ports, start)


def fitting_inputs(x: Any, ports: Sequence[Port]) -> tuple[Any, ...]:
    """Return all inputs in the model's order, their shapes and lengths checked.

    Raises:
        DataError: They do not fit; the input is named.
    """
    pairs = zip(_inputs(x, ports), ports, strict=True)
    inputs = tuple(_shaped(part, port) for part, port in pairs)
    named = zip(ports, inputs, strict=True)
    require_one_length({f"x {port.name!r}": len(part) for port, part in named})
    return inputs


def require_one_length(lengths: Mapping[str, int]) -> None:
    """Refuse parts of different lengths; raises DataError, which names them."""
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} in {name}" for name, length in lengths.items())
        raise DataError(f"the numbers of samples differ: {found}")


def parts_by_name(parts: Mapping[Any, Any], ports: Sequence[Port], what: str) -> dict[int, Any]:
    """Return parts by the number of the input or output they are named after; raises DataError."""
    found = {}
    for name, part in parts.items():
        index = find(ports, str(name))
        if index is None:
            raise DataError(f"the model has no {what} {name!r}, its {what}s are {listed(ports)}")
        found[index] = part
    return found


def cast_inputs(parts: Sequence[Any], ports: Sequence[Port], first: int = 0) -> tuple[Any, ...]:
    """Return inputs in the model's dtypes.

    Args:
        parts: One array for each input.
        ports: The inputs of the model.
        first: The number of the first sample.

    Raises:
        DataError: A value is none of the dtype; the input and the sample are named.
    """
    pairs = zip(parts, ports, strict=True)
    return tuple(_of_dtype(part, port, first) for part, port in pairs)


def _inputs(x: Any, ports: Sequence[Port]) -> list[Any]:
    """Return the part of x that belongs to each input."""
    if isinstance(x, Mapping):
        parts = parts_by_name(x, ports, "input")
        missing = [port for index, port in enumerate(ports) if index not in parts]
        if missing:
            raise DataError(f"x lacks the input {listed(missing)}")
        return [parts[index] for index in range(len(ports))]
    several = isinstance(x, (list, tuple)) and len(ports) > 1
    parts_in_order = list(x) if several else [x]
    if len(parts_in_order) != len(ports):
        raise DataError(
            f"x has {len(parts_in_order)} parts, the model {len(ports)} inputs: {listed(ports)}"
        )
    return parts_in_order


def _shaped(part: Any, port: Port) -> Any:
    """Return one input as an array of the shape the model takes."""
    try:
        array = np.asarray(part)
    except RAISED as error:
        raise DataError(f"input {port.name!r} is no array: {cause_of(error)}") from error
    found = fitted(array, port.shape)
    if found is None:
        shape = ("samples", *("any" if length is None else length for length in port.shape))
        expected = ", ".join(str(length) for length in shape)
        raise DataError(f"input {port.name!r} has the shape {array.shape}, expected ({expected})")
    return found


def _of_dtype(part: Any, port: Port, first: int) -> Any:
    if port.dtype == "string":
        return _texts(part, port, first)
    if part.dtype.kind not in "biuf":
        raise DataError(f"input {port.name!r} is of dtype {part.dtype}, expected {port.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        cast = part.astype(port.dtype, copy=False)
    wrong = ~np.isfinite(cast) if port.floating else cast != part
    _refuse(wrong, port, first, "finite" if port.floating else f"{port.dtype} numbers")
    return cast


def _texts(part: Any, port: Port, first: int) -> Any:
    """Return texts; those in an array of objects are looked at one by one, as they stand there."""
    if part.dtype.kind not in _TEXTS:
        raise DataError(f"input {port.name!r} is of dtype {part.dtype}, expected string")
    if part.dtype.kind == "O":
        wrong = np.frompyfunc(lambda each: not isinstance(each, (str, bytes)), 1, 1)(part)
        _refuse(np.asarray(wrong, bool), port, first, "texts")
    return part


def _refuse(wrong: Any, port: Port, first: int, kind: str) -> None:
    if wrong.any():
        sample = first + int(wrong.reshape(len(wrong), -1).any(axis=1).argmax())
        raise DataError(
            f"input {port.name!r} has values that are not {kind}, the first in sample {sample}"
        )
