"""The legal range of each input, which attacks and corruptions stay within."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.execution.signature import find, listed
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.execution.signature import Port
    from pytest_paoding.records.protocol import InputRange

Interval: TypeAlias = "tuple[float, float]"
_SLACK = 1e-6


def unfit(
    batch: Batch, inputs: Sequence[Port], ranges: Sequence[Interval | None], *, finite: bool
) -> str | None:
    """Return why a batch cannot be changed within the ranges of its inputs; None if it can.

    Args:
        batch: Some samples.
        inputs: The model's inputs.
        ranges: The range of each; None for those that are left as they are.
        finite: Whether ranges must be finite.
    """
    if not batch.labels:
        return "the data has no labels"
    if not any(ranges):
        return "the model has no floating-point input to change"
    for part, interval, port in zip(batch.inputs, ranges, inputs, strict=True):
        if interval is None:
            continue
        if finite and not np.isfinite(interval).all():
            return f"input {port.name!r} has no finite range: set input_range"
        if found := _outside(part, interval):
            return f"input {port.name!r} runs {found}: set input_range"
    return None


def ranges_of(inputs: Sequence[Port], input_range: InputRange) -> tuple[Interval | None, ...]:
    """Return the range of each floating-point input, None for the others.

    Args:
        inputs: The model's inputs.
        input_range: Low and high for all of them, or by name.

    Raises:
        DataError: A name is unknown, an input has no range, or low is not below high.
    """
    known = _by_index(inputs, input_range)
    missing = [port for index, port in enumerate(inputs) if port.floating and index not in known]
    if missing:
        raise DataError(f"input_range says nothing of the input {listed(missing)}")
    return tuple(known[index] if port.floating else None for index, port in enumerate(inputs))


def _by_index(inputs: Sequence[Port], input_range: InputRange) -> dict[int, Interval]:
    if not isinstance(input_range, Mapping):
        return dict.fromkeys(range(len(inputs)), _checked(input_range))
    found = {}
    for name, interval in input_range.items():
        index = find(inputs, name)
        if index is None:
            raise DataError(f"input_range names {name!r}, the model's inputs are {listed(inputs)}")
        found[index] = _checked(interval)
    return found


def _checked(given: Sequence[float]) -> Interval:
    low, high = float(given[0]), float(given[1])
    if not low < high:
        raise DataError(f"input_range {low:g} to {high:g} is empty: low must be below high")
    return low, high


def _outside(part: Any, interval: Interval) -> str | None:
    """Return how far an input reaches outside its range by more than rounding, if it does."""
    low, high = interval
    least, most = float(part.min()), float(part.max())
    slack = _SLACK * (high - low) if np.isfinite(high - low) else 0.0
    if least < low - slack or most > high + slack:
        return f"from {least:g} to {most:g}, outside its range {low:g} to {high:g}"
    return None
