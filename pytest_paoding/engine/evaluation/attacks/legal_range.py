"""The legal range of each input, which attacks and corruptions stay within."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.graph.types import BoolArray
    from pytest_paoding.engine.inputs.input_sources import InputSource, InputSources
    from pytest_paoding.engine.ports import Port

Interval: TypeAlias = "tuple[float, float]"
_SLACK = 1e-6


class PartlyLegal(tuple[float, float]):  # noqa: SLOT001 # a tuple has room for none
    """Low and high of an input some positions of which are looked up, and must stay as they are.

    Attributes:
        fixed: Mask of those positions, of the input's shape; axes of open length are of length 1.
    """

    fixed: BoolArray

    @classmethod
    def of(cls, interval: Interval, fixed: BoolArray) -> PartlyLegal:
        """Return an interval with a mask."""
        found = cls(interval)
        found.fixed = fixed
        return found


def fixed_in(interval: Interval, shape: tuple[int, ...]) -> BoolArray | None:
    """Return the mask of an input's positions that no attack may change; None if there are none.

    Args:
        interval: The input's range.
        shape: Shape of its values, without the samples.
    """
    if not isinstance(interval, PartlyLegal):
        return None
    return np.broadcast_to(interval.fixed, shape)


def kept(values: Any, changed: Any, interval: Interval) -> Any:
    """Return changed values of an input, but those that no attack may change as they were."""
    fixed = fixed_in(interval, tuple(values.shape[1:]))
    return changed if fixed is None else tf.where(fixed, values, changed)


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
    if not batch.truths:
        return "the data has no labels"
    if not any(ranges):
        return "the model has no input of floating-point numbers to change"
    for part, interval, port in zip(batch.inputs, ranges, inputs, strict=True):
        if interval is None:
            continue
        if finite and not np.isfinite(interval).all():
            return f"input {port.name!r} has no finite range: set input_range"
        if found := _outside(part, interval):
            return f"input {port.name!r} runs {found}: set input_range"
    return None


def legal_ranges(sources: InputSources) -> tuple[Interval | None, ...]:
    """Return the range of each input of floating-point numbers, None for others, such as tokens.

    Beyond a range that is merely typical anything is legal.
    """
    return tuple(_legal(source) if source.numeric else None for source in sources)


def _legal(source: InputSource) -> Interval:
    interval = (-inf, inf) if source.scale.typical else source.scale.ends
    return interval if source.fixed is None else PartlyLegal.of(interval, source.fixed)


def _outside(part: Any, interval: Interval) -> str | None:
    """Return how far an input reaches outside its range by more than rounding, if it does."""
    low, high = interval
    fixed = fixed_in(interval, tuple(part.shape[1:]))
    free = part if fixed is None or fixed.all() else np.asarray(part)[:, ~fixed]
    least, most = float(free.min()), float(free.max())
    slack = _SLACK * (high - low) if np.isfinite(high - low) else 0.0
    if least < low - slack or most > high + slack:
        return f"from {least:g} to {most:g}, outside its range {low:g} to {high:g}"
    return None
