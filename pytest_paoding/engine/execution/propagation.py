"""Propagation of intervals, of values and of differences, through layers without kernels.

Every layer listed here is called as it is, in inference mode, on the ends of the intervals; the
kind of layer only decides which end gives which.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import keras
import numpy as np

from pytest_paoding.engine.execution.intervals import Interval
from pytest_paoding.engine.execution.variables import values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import FloatArray

Carry: TypeAlias = "Callable[[Call, Sequence[Interval]], Interval]"


@dataclass(frozen=True, slots=True)
class Propagation:
    """How a kind of layer propagates the intervals of its inputs.

    Attributes:
        value: Bounds of its output, from those of its inputs.
        difference: Bounds of how much its output moves, from how much its inputs do; None where
            that depends on the values of the inputs.
    """

    value: Carry
    difference: Carry | None


def propagation(operation: Any) -> Propagation | None:
    """Return how an operation propagates intervals; None if that is not known."""
    return _KINDS.get(type(operation))


def _rising(call: Call, intervals: Sequence[Interval]) -> Interval:
    """Map ends to the same ends: the output rises with every input."""
    low = _called(call, [each.low for each in intervals])
    high = _called(call, [each.high for each in intervals])
    return Interval(low, high)


def _affine(call: Call, intervals: Sequence[Interval]) -> Interval:
    """Sort the outputs at the ends: each position is scaled by a number of either sign."""
    ends = _rising(call, intervals)
    return Interval(np.minimum(ends.low, ends.high), np.maximum(ends.low, ends.high))


def _affine_difference(call: Call, intervals: Sequence[Interval]) -> Interval:
    """Subtract the output for zero: a shift moves nothing."""
    moved = _affine(call, intervals)
    zero = _called(call, [np.zeros_like(each.low[:1]) for each in intervals])
    return Interval(moved.low - zero, moved.high - zero)


def _largest_difference(call: Call, intervals: Sequence[Interval]) -> Interval:
    """Bound a maximum, which moves at most as far as the value that moves most, either way."""
    low = _called(call, [-each.low for each in intervals])
    high = _called(call, [each.high for each in intervals])
    return Interval(-low, high)


def _least_difference(call: Call, intervals: Sequence[Interval]) -> Interval:
    low = _called(call, [each.low for each in intervals])
    high = _called(call, [-each.high for each in intervals])
    return Interval(low, -high)


def _subtracted(_: Call, intervals: Sequence[Interval]) -> Interval:
    first, second = intervals
    return first - second


def _multiplied(_: Call, intervals: Sequence[Interval]) -> Interval:
    def product(first: Interval, second: Interval) -> Interval:
        at_low, at_high = first.times(second.low), first.times(second.high)
        low, high = np.minimum(at_low.low, at_high.low), np.maximum(at_low.high, at_high.high)
        return Interval(low, high)

    return reduce(product, intervals)


def _called(call: Call, arrays: Sequence[FloatArray]) -> FloatArray:
    """Return the output of a call, as an array, with arrays for its input tensors."""
    (output,) = call.on(map(keras.ops.convert_to_tensor, arrays))
    return values_of(output)  # type: ignore[no-any-return]  # TensorFlow is untyped


_layers = keras.layers
_KINDS: dict[type, Propagation] = {
    **dict.fromkeys(
        (
            _layers.ActivityRegularization,
            _layers.Add,
            _layers.AlphaDropout,
            _layers.Average,
            _layers.AveragePooling1D,
            _layers.AveragePooling2D,
            _layers.AveragePooling3D,
            _layers.Concatenate,
            _layers.Cropping1D,
            _layers.Cropping2D,
            _layers.Cropping3D,
            _layers.Dropout,
            _layers.Flatten,
            _layers.GaussianDropout,
            _layers.GaussianNoise,
            _layers.GlobalAveragePooling1D,
            _layers.GlobalAveragePooling2D,
            _layers.GlobalAveragePooling3D,
            _layers.Identity,
            _layers.Permute,
            _layers.RepeatVector,
            _layers.Reshape,
            _layers.SpatialDropout1D,
            _layers.SpatialDropout2D,
            _layers.SpatialDropout3D,
            _layers.UpSampling1D,
            _layers.ZeroPadding1D,
            _layers.ZeroPadding2D,
            _layers.ZeroPadding3D,
        ),
        Propagation(_rising, _rising),
    ),
    **dict.fromkeys(
        (_layers.BatchNormalization, _layers.Normalization, _layers.Rescaling),
        Propagation(_affine, _affine_difference),
    ),
    **dict.fromkeys(
        (
            _layers.GlobalMaxPooling1D,
            _layers.GlobalMaxPooling2D,
            _layers.GlobalMaxPooling3D,
            _layers.Maximum,
            _layers.MaxPooling1D,
            _layers.MaxPooling2D,
            _layers.MaxPooling3D,
        ),
        Propagation(_rising, _largest_difference),
    ),
    _layers.Minimum: Propagation(_rising, _least_difference),
    _layers.Multiply: Propagation(_multiplied, None),
    _layers.Subtract: Propagation(_subtracted, _subtracted),
}
