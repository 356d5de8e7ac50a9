"""Affine steps: what one call has made of single values of an input, and the ranges that tells of.

A step is a map `factor * value + shift` of each of some values. One that takes a range to [0, 1] or
[-1, 1] tells that range, and one that standardises values tells their mean and deviation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.normalisation import along_channels, recorded
from pytest_paoding.engine.inputs.kinds import is_a

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray

CLOSE = 0.02
"""Share of a range by which its ends may miss a usual one."""

_ROUNDING = 1e-4
_PENALTY = 1e3  # least factor of what takes values off a score, rather than standardises them
_TARGETS = ((-1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class AffineStep:
    """The map `factor * value + shift` of some values of an input, from the input up to some call.

    Attributes:
        place: Flat place of each value in the input, shape (values,); one may be there twice.
        factor: One number, or one for each value.
        shift: Likewise.
        why: Name of the call.
        learned: Whether it standardises values by statistics of the training data.
        bins: Least and largest boundary of the bins it sorts values into, if it does, behind the
            map.
    """

    place: IntArray
    factor: FloatArray
    shift: FloatArray
    why: str
    learned: bool = False
    bins: tuple[float, float] | None = None

    def only(self, wanted: BoolArray) -> AffineStep:
        """Return the step for some places; one number in place of many that are the same.

        Args:
            wanted: Mask of the places, shape (places of the input,).
        """
        chosen = wanted[self.place]
        factor, shift = (
            each if each.size == 1 else each[chosen] for each in (self.factor, self.shift)
        )
        both = (factor, shift)
        if all(np.ptp(each) <= _ROUNDING * np.abs(each).max() for each in both if each.size):
            factor, shift = (each.reshape(-1)[:1] for each in both)
        return replace(self, place=self.place[chosen], factor=factor, shift=shift)

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
        return large and not self.learned and bool((np.abs(self.before(0.0) - 1) <= CLOSE).all())

    @property
    def turned_over(self) -> float | None:
        """What values are subtracted from, 1 at least, if it does no more; None if it does."""
        alone = self.factor.size == 1 and self.shift.size == 1 and not self.learned
        top = float(self.shift.max())
        return top if alone and (np.abs(self.factor + 1) <= _ROUNDING).all() and top >= 1 else None

    def before(self, value: float | FloatArray) -> FloatArray:
        """Return the values of the input that are mapped to `value`."""
        found: FloatArray = (value - self.shift) / self.factor
        return found

    def unit(self, low: float, high: float) -> tuple[float, float] | None:
        """Return the one range that is mapped to another everywhere, if it begins at 0 or is even.

        None if there is none, or if it is narrower: what stretches values to a unit may do so for
        reasons of its own.
        """
        ends = self._ends(low, high)
        width = float((ends[1] - ends[0]).max())
        if float(np.ptp(ends, axis=1).max()) > CLOSE * width:
            return None
        least, most = float(ends[0].mean()), float(ends[1].mean())
        return (least, most) if bool(_begins(ends.mean(axis=1), low)) else None

    def units(self) -> tuple[Any, Any] | None:
        """Return the range of each value that is mapped to [-1, 1] or [0, 1] likewise.

        Returns:
            Low and high, shape (values,), not a number for values that it leaves as they are or
            stretches; None if all of them are such, or if some are shifted to where no range is.
        """
        low, high = np.full((2, self.place.size), np.nan)
        for target in _TARGETS:
            ends = np.broadcast_to(self._ends(*target), (2, self.place.size))
            fits = np.isnan(low) & _begins(ends, target[0]) & ~self._leaves
            low, high = (np.where(fits, *pair) for pair in ((ends[0], low), (ends[1], high)))
        unknown = np.isnan(low)
        shifted = np.broadcast_to(np.abs(self.shift) > CLOSE, low.shape)
        if unknown.all() or (unknown & shifted).any():
            return None
        return _without_rounding(low), _without_rounding(high)

    @property
    def _leaves(self) -> BoolArray:
        """Mask of the values that are as good as left alone."""
        alone = np.abs(self.factor - 1) <= _ROUNDING
        return np.asarray(alone & (np.abs(self.shift) <= CLOSE))

    def _ends(self, low: float, high: float) -> FloatArray:
        ends = np.stack([self.before(low), self.before(high)]).reshape(2, -1)
        return np.asarray(np.sort(ends, axis=0))


def _begins(ends: FloatArray, low: float) -> BoolArray:
    """Return whether ranges begin at 0 or are even, and are at least as wide as a unit."""
    width = ends[1] - ends[0]
    close = CLOSE * width
    even = (np.abs(ends.sum(axis=0)) <= close) & (low == 0)
    return np.asarray((width >= 1 - CLOSE) & ((np.abs(ends[0]) <= close) | even))


def _without_rounding(values: FloatArray) -> FloatArray:
    """Return whole numbers in place of values that all but are: a factor is no exact 1/255."""
    whole = np.rint(values)
    return np.asarray(np.where(np.abs(values - whole) <= _ROUNDING * np.abs(whole), whole, values))


def statistics_of(call: Call) -> tuple[Any, Any]:
    """Return the mean and deviation of what a normalisation reads, in a shape that broadcasts."""
    layer = call.operation
    if is_a(layer, "BatchNormalization"):
        rank = len(call.inputs[0].shape) + 1
        mean, deviation = (along_channels(layer, each, rank)[0] for each in recorded(layer))
        return mean, deviation
    if layer.invert:
        return np.zeros(()), np.ones(())
    mean, variance = (np.asarray(each, np.float64) for each in (layer.mean, layer.variance))
    return (mean[0], np.sqrt(variance[0])) if mean.ndim else (mean, np.sqrt(variance))


def bins_of(layer: Any) -> tuple[float, float] | None:
    """Return the least and the largest value of bins, some beyond the last boundary included."""
    boundaries = np.asarray(layer.bin_boundaries or (), np.float64)
    if not boundaries.size:
        return None
    beyond = max(float(np.ptp(boundaries)) / max(1, boundaries.size - 1), 1e-3)
    return float(boundaries.min() - beyond), float(boundaries.max() + beyond)
