"""Scales: the range of an input, read off what a model does with its values first.

A first layer that divides by 255 tells that values run from 0 to 255, and one that subtracts a
mean and divides by a deviation tells both. What it does is measured, not looked up: a chain of
layers is run on inputs of zeros, ones and twos, which finds factor and shift of any affine map,
whatever layers and operations it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.normalisation import along_channels, recorded
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.inputs.kinds import is_a, kind_read_by

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray

_DEVIATIONS = 5.0
"""Deviations on either side of a mean that a range derived from both reaches."""

_USUAL = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
_CLOSE = 0.02  # share of a range by which its ends may miss a usual one
_CONTRAST = (0.08, 0.6)  # deviation of pictures as a share of their range
_GREY = (60.0, 200.0)  # means of 8-bit pictures
_ROUNDING = 1e-4
_PENALTY = 1e3  # least factor of what takes values off a score, rather than standardises them
_SCALING_WITH_WEIGHTS = (
    *("Normalization", "BatchNormalization", "Discretization"),
    "BaseImagePreprocessingLayer",
)
_ROWS = 3  # inputs of zeros, of ones and of twos


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The range of an input.

    Attributes:
        low: Least value, a number or one for each position along the last axes.
        high: Largest value, likewise.
        why: Where that is known from.
        typical: Whether values beyond it are rare and not illegal.
    """

    low: float | FloatArray
    high: float | FloatArray
    why: str
    typical: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest value of all positions."""
        return float(np.min(self.low)), float(np.max(self.high))


@dataclass(frozen=True, slots=True, eq=False)
class _Affine:
    """The map `factor * values + shift` of an input, up to some call.

    Attributes:
        factor: One number, or one for each channel or value.
        shift: Likewise.
        why: Name of the call.
        learned: Whether it standardises values by statistics of the training data.
    """

    factor: FloatArray
    shift: FloatArray
    why: str
    learned: bool

    @property
    def only_shifts(self) -> bool:
        """Whether values keep their scale."""
        return not self.learned and bool((np.abs(self.factor - 1) <= _ROUNDING).all())

    @property
    def inverts(self) -> bool:
        """Whether large values become small ones, as white does black."""
        return bool((self.factor < 0).all())

    @property
    def penalises(self) -> bool:
        """Whether it leaves ones alone and takes zeros far off, as masks of attention do."""
        large = self.factor.size == 1 and float(np.abs(self.factor).max()) >= _PENALTY
        return large and not self.learned and bool((np.abs(self.before(0.0) - 1) <= _CLOSE).all())

    def before(self, value: float | FloatArray) -> FloatArray:
        """Return the values of the input that are mapped to `value`."""
        found: FloatArray = (value - self.shift) / self.factor
        return found

    def span(self, low: float, high: float) -> tuple[float, float] | None:
        """Return the one range that is mapped to another everywhere; None if there is none."""
        ends = np.sort(np.stack([self.before(low), self.before(high)]).reshape(2, -1), axis=0)
        width = float((ends[1] - ends[0]).max())
        if float(np.ptp(ends, axis=1).max()) > _CLOSE * width:
            return None
        return float(ends[0].mean()), float(ends[1].mean())


def scale_of(graph: Graph, tensor: Tensor, *, pictures: bool) -> Scale | None:
    """Return the range of an input as the first layers tell it; None if they do not.

    Args:
        graph: The model's graph, its lengths settled.
        tensor: The input, of numbers.
        pictures: Whether it holds pictures, whose ranges are one of a few.
    """
    found, binned = _measured(graph, tensor)
    if binned is not None:
        return binned
    penalty = next((step for step in found if step.penalises), None)
    if penalty is not None:
        return Scale(0.0, 1.0, penalty.why)
    known = (_exact(step) for step in reversed(found) if not step.learned)
    exact = next((each for each in known if each is not None), None)
    return exact if exact is not None or not found else _standardised(found[-1], pictures=pictures)


def _measured(graph: Graph, tensor: Tensor) -> tuple[list[_Affine], Scale | None]:
    """Return the map of the input up to each of the first calls, and the range of any bins."""
    shape = tuple(size or 1 for size in tensor.shape)
    rows: Any = tf.reshape(tf.range(_ROWS), (_ROWS, *(1,) * len(shape)))
    values = {tensor: tf.broadcast_to(tf.cast(rows, tensor.dtype), (_ROWS, *shape))}
    identity = _Affine(np.ones(()), np.zeros(()), "", learned=False)
    maps = {tensor: identity}
    found: list[_Affine] = []
    binned: Scale | None = None
    for call in graph.calls:
        before = [maps[each] for each in call.inputs if each in maps]
        if not before or len(before) < len(call.inputs) or not _may_scale(call):
            continue
        if is_a(call.operation, "Discretization"):
            binned = binned or _of_boundaries(call, before[0])
        elif (standard := _statistics(call)) is not None:
            found.append(_standardising(call, standard, before[0]))
        elif (outputs := _run(call, [values[each] for each in call.inputs])) is not None:
            step = _affine(call, outputs, shape)
            if step is not None:
                values[call.outputs[0]], maps[call.outputs[0]] = outputs, step
                found.append(step)
    return found, binned


def _may_scale(call: Call) -> bool:
    operation = call.operation
    if len(call.outputs) != 1:
        return False
    if is_a(operation, *_SCALING_WITH_WEIGHTS):
        return True
    return not getattr(operation, "weights", ()) and kind_read_by(operation) is None


def _run(call: Call, values: list[Any]) -> Any | None:
    """Return what a call makes of some values; None where it refuses them."""
    try:
        (outputs,) = call.on(values)
    except Exception:  # noqa: BLE001 # layers refuse values in ways of their own
        return None
    return outputs


def _affine(call: Call, outputs: Any, shape: tuple[int, ...]) -> _Affine | None:
    """Return the map that gave some outputs; None if it is not affine, or not of single values."""
    found = values_of(outputs)
    if found.dtype.kind not in "fiu" or not np.isfinite(found).all() or found.shape[:1] != (_ROWS,):
        return None
    zero, one, two = found.astype(np.float64)
    factor = one - zero
    tolerance = _ROUNDING * float(np.abs(found).max(initial=0))
    if np.abs(two - one - factor).max(initial=0) > tolerance or not (np.abs(factor) > 0).all():
        return None
    kept = _by_channel(factor, zero, shape)
    return None if kept is None else _Affine(*kept, call.name, learned=False)


def _by_channel(
    factor: FloatArray, shift: FloatArray, shape: tuple[int, ...]
) -> tuple[FloatArray, FloatArray] | None:
    """Return a map's factor and shift as one for all values, for each channel or each value."""
    both = np.stack([factor, shift])
    scale = np.abs(both).max(axis=tuple(range(1, both.ndim)), keepdims=True)
    for kept in ((), (both.ndim - 1,)):
        first = both[tuple(slice(None if not i or i in kept else 1) for i in range(both.ndim))]
        if (np.abs(both - first) <= _ROUNDING * scale).all():
            return first[0], first[1]
    return (factor, shift) if factor.shape == shape else None


def _statistics(call: Call) -> tuple[FloatArray, FloatArray] | None:
    """Return the mean and deviation of what a normalisation reads, in a shape that broadcasts."""
    layer = call.operation
    if is_a(layer, "BatchNormalization"):
        rank = len(call.inputs[0].shape) + 1
        mean, deviation = (along_channels(layer, each, rank)[0] for each in recorded(layer))
        return mean, deviation
    if is_a(layer, "Normalization") and not layer.invert:
        mean, variance = (np.asarray(each, np.float64) for each in (layer.mean, layer.variance))
        return (mean[0], np.sqrt(variance[0])) if mean.ndim else (mean, np.sqrt(variance))
    return None


def _standardising(call: Call, standard: tuple[FloatArray, FloatArray], before: _Affine) -> _Affine:
    """Return the map that standardises an input, by the statistics of a call behind another map."""
    mean, deviation = standard[0], np.maximum(standard[1], 1e-6)
    shift = (before.shift - mean) / deviation
    return _Affine(before.factor / deviation, shift, call.name, learned=True)


def _exact(step: _Affine) -> Scale | None:
    """Return the range that a map takes to [-1, 1] or [0, 1], if it begins at 0 or is even.

    What turns values over does either with any range from 0, of twice the width or not: a usual
    range is more likely, or else the one that fills [0, 1]. `255 - x` is scaled later, if at all.
    """
    if step.only_shifts and (np.abs(step.shift) <= _CLOSE).all():
        return None  # as good as nothing was done
    targets = ((0.0, 1.0), (-1.0, 1.0)) if step.inverts else ((-1.0, 1.0), (0.0, 1.0))
    found = [span for target in targets if (span := _unit(step, *target))]
    if step.inverts:
        found.sort(key=lambda span: _rounded(span) not in _USUAL)
        found += [(0.0, top) for top in _turned_over(step)]
    return Scale(*_rounded(found[0]), step.why) if found else None


def _unit(step: _Affine, low: float, high: float) -> tuple[float, float] | None:
    """Return the range that a map takes to another, if it begins at 0 or is even."""
    span = step.span(low, high)
    if span is None or span[1] - span[0] < 1 - _CLOSE:
        return None  # what stretches values to a unit may do so for reasons of its own
    close = _CLOSE * (span[1] - span[0])
    begins = abs(span[0]) <= close or (low == 0 and abs(sum(span)) <= close)
    return span if begins else None


def _turned_over(step: _Affine) -> list[float]:
    """Return what a map subtracts values from, if it does no more than that."""
    alone = step.factor.size == 1 and step.shift.size == 1 and not step.learned
    top = float(step.shift.max())
    return [top] if alone and (np.abs(step.factor + 1) <= _ROUNDING).all() and top >= 1 else []


def _rounded(span: tuple[float, float]) -> tuple[float, float]:
    """Return a usual range in place of one that all but is it."""
    close = _CLOSE * (span[1] - span[0])
    for usual in _USUAL:
        if max(abs(a - b) for a, b in zip(span, usual, strict=True)) <= close:
            return usual
    return (0.0 if abs(span[0]) <= close else span[0]), span[1]


def _standardised(step: _Affine, *, pictures: bool) -> Scale | None:
    """Return the range of values that a map gives mean 0 and deviation 1."""
    mean, deviation = step.before(0.0), np.abs(1 / step.factor)
    if not (step.learned or step.shift.any()):
        return None
    if step.only_shifts:
        grey = ((mean > _GREY[0]) & (mean < _GREY[1])).all()
        return Scale(0.0, 255.0, step.why) if pictures and grey else None
    for low, high in _USUAL if pictures else ():
        share = deviation / (high - low)
        most = (high - mean) * (mean - low)  # no variance is larger (Bhatia & Davis 2000)
        inside = (mean > low) & (mean < high) & (deviation**2 <= (1 + _CLOSE) * most)
        if (inside & (share > _CONTRAST[0]) & (share < _CONTRAST[1])).all():
            return Scale(low, high, step.why)
    far = _DEVIATIONS * np.maximum(deviation, 1e-6)
    least, most = (mean - far).astype(np.float32), (mean + far).astype(np.float32)
    return Scale(least, most, step.why, typical=True)


def _of_boundaries(call: Call, before: _Affine) -> Scale | None:
    """Return the range of values that are sorted into bins, some beyond the last ones included."""
    boundaries = np.asarray(call.operation.bin_boundaries or (), np.float64)
    if not boundaries.size or before.factor.size > 1:
        return None
    beyond = max(float(np.ptp(boundaries)) / max(1, boundaries.size - 1), 1e-3)
    ends = np.array([boundaries.min() - beyond, boundaries.max() + beyond])
    low, high = sorted(before.before(ends).reshape(-1).tolist())
    return Scale(low, high, call.name, typical=True)
