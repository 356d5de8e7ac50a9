"""Scales: the range of an input, read off what a model does with its values first.

A first layer that divides by 255 tells that values run from 0 to 255, and one that subtracts a
mean and divides by a deviation tells both. What it does is followed value by value (see
`followed_values`), as each column of a table may be scaled in a way of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.inputs.affine_steps import CLOSE
from pytest_paoding.engine.inputs.kinds import listed_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.inputs.affine_steps import AffineStep
    from pytest_paoding.engine.inputs.followed_values import FollowedValues
    from pytest_paoding.engine.inputs.layouts import InputReading, Layout
    from pytest_paoding.engine.inputs.vocabularies import Vocabulary
    from pytest_paoding.records.protocol import InputKind

_DEVIATIONS = 5.0
"""Deviations on either side of a mean that a range derived from both reaches."""

_USUAL = ((0.0, 1.0), (0.0, 255.0), (-1.0, 1.0))
_CONTRAST = (0.08, 0.6)  # deviation of pictures as a share of their range
_GREY = (60.0, 200.0)  # means of 8-bit pictures
_BYTES = (0.0, 255.0)
_IN_PLANES = ("picture", "video")


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The range of an input.

    Attributes:
        low: Least value, a number or one for each position along the last axes.
        high: Largest value, likewise.
        why: Where that is known from.
        typical: Whether values beyond it are rare and not illegal.
        assumed: Mask of the positions whose range nothing tells, of the input's shape; None where
            that is none, or all.
    """

    low: float | FloatArray
    high: float | FloatArray
    why: str
    typical: bool = False
    assumed: BoolArray | None = None

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest value of all positions."""
        return float(np.min(self.low)), float(np.max(self.high))


def scale_of(
    values: FollowedValues, tensor: Tensor, reading: InputReading, assumed: tuple[float, float]
) -> Scale | None:
    """Return the range of an input as the first layers tell it, or its dtype; None if they do not.

    Args:
        values: The values of the model's inputs, followed.
        tensor: The input, of numbers.
        reading: What it is taken for; pictures have one of a few ranges.
        assumed: The range of positions that no layer tells, where others are told.
    """
    found = _read_off(values, tensor, reading, assumed)
    if not tensor.dtype.startswith(("int", "uint")):
        return found
    if found is None and reading.kind in _IN_PLANES:
        found = Scale(*_BYTES, f"dtype {tensor.dtype}")
    if found is None:
        return None
    legal = np.iinfo(tensor.dtype)
    low, high = (np.clip(each, legal.min, legal.max) for each in (found.low, found.high))
    return replace(found, low=low, high=high)


def scale_of_vocabulary(vocabulary: Vocabulary, why: str) -> Scale:
    """Return the range of the values of a vocabulary, or of their numbers where they are texts."""
    numbers = vocabulary.entries
    if numbers is None or numbers.dtype.kind not in "iu":
        return Scale(float(vocabulary.first), float(max(vocabulary.size - 1, 1)), why)
    low, high = float(numbers.min(initial=0)), float(numbers.max(initial=1))
    return Scale(low, max(high, low + 1), why)


def _read_off(
    values: FollowedValues,
    tensor: Tensor,
    reading: InputReading,
    assumed: tuple[float, float],
) -> Scale | None:
    own = reading.layout.own
    ends = np.stack([np.full(prod(own), np.inf), np.full(prod(own), -np.inf)])
    whys: dict[str, None] = {}
    typical = False
    for wanted, steps in _taking_the_same(list(values.steps(tensor)), prod(own)):
        scale, step = _told(steps, reading.kind)
        if scale is not None:
            place = step.place if np.ndim(scale.low) else np.flatnonzero(wanted)
            _widened(ends, place, scale)
            whys[scale.why] = None
            typical |= scale.typical
    ends = _spread_over_channels(ends, reading.layout)
    unknown = np.isinf(ends).any(axis=0)
    if unknown.all():
        return None
    ends = np.where(unknown, np.reshape(assumed, (2, 1)), ends).reshape(2, *own)
    mask = np.asarray(unknown.reshape(own)) if unknown.any() else None
    return Scale(*_shortened(ends), listed_names(list(whys)), typical, mask)


def _taking_the_same(
    steps: Sequence[AffineStep], size: int
) -> Iterator[tuple[BoolArray, list[AffineStep]]]:
    """Yield masks of the places that the same steps tell of, each with those steps."""
    group = np.zeros(size, np.int64)
    touched = []
    for step in steps:
        mine = np.zeros(size, bool)
        mine[step.place] = True
        touched.append(mine)
        group = np.unique(2 * group + mine, return_inverse=True)[1].reshape(-1)
    for number in range(int(group.max(initial=0)) + 1):
        wanted = group == number
        first = int(np.argmax(wanted))
        telling = [step for step, mine in zip(steps, touched, strict=True) if mine[first]]
        if telling:
            yield wanted, [step.only(wanted) for step in telling]


def _widened(ends: FloatArray, place: IntArray, scale: Scale) -> None:
    """Let the ranges of places hold what was found for them, where that is a number."""
    least, most = (np.broadcast_to(each, place.shape) for each in (scale.low, scale.high))
    known = np.isfinite(least) & np.isfinite(most)
    np.minimum.at(ends[0], place[known], least[known])
    np.maximum.at(ends[1], place[known], most[known])


def _spread_over_channels(ends: FloatArray, layout: Layout) -> FloatArray:
    """Let places that nothing tells, such as a border that is cut off, be as the others of theirs.

    All steps and pixels of a channel hold the same, if any layer tells of some.
    """
    if len(layout.shape) <= 1 or not np.isinf(ends).any():
        return ends
    drawn = np.array(layout.drawn(ends.reshape(2, *layout.own)))
    others = tuple(range(drawn.ndim - 2))
    hull = np.stack(
        [
            drawn[0].min(axis=others, keepdims=True),
            drawn[1].max(axis=others, keepdims=True),
        ]
    )
    return np.asarray(layout.taken(np.where(np.isinf(drawn), hull, drawn)).reshape(2, -1))


def _shortened(ends: FloatArray) -> tuple[Any, Any]:
    """Return low and high of length 1 along axes along which all are the same; or two numbers."""
    for axis in range(1, ends.ndim):
        first = np.take(ends, [0], axis)
        ends = first if (ends == first).all() else ends
    low, high = ends if ends[0].size > 1 else ends.reshape(2).tolist()
    return (low, high) if ends[0].size == 1 else (np.float32(low), np.float32(high))


def _told(steps: Sequence[AffineStep], kind: InputKind) -> tuple[Scale | None, AffineStep]:
    """Return the range of some values as steps tell it, and the step that does.

    Where it is one for each of the step's values, those that the step does not tell are no numbers.

    Args:
        steps: Steps that all of the values take, in order.
        kind: What the input holds: pictures have one of a few ranges, and waves are even.
    """
    binned = next((step for step in steps if step.bins is not None), None)
    if binned is not None:
        return _of_bins(binned), binned
    penalty = next((step for step in steps if step.penalises), None)
    if penalty is not None:
        return Scale(0.0, 1.0, penalty.why), penalty
    known = (
        (_exact(step, waves=kind == "audio"), step) for step in reversed(steps) if not step.learned
    )
    exact = next((each for each in known if each[0] is not None), None)
    return exact or (_standardised(steps[-1], pictures=kind in _IN_PLANES), steps[-1])


def _exact(step: AffineStep, *, waves: bool) -> Scale | None:
    """Return the range that a map takes to [-1, 1] or [0, 1], if it begins at 0 or is even.

    What turns values over does either with any range from 0, of twice the width or not: a usual
    range is more likely, or else the one that fills [0, 1]. `255 - x` is scaled later, if at all.
    """
    if step.only_shifts and (np.abs(step.shift) <= CLOSE).all():
        return None  # as good as nothing was done
    if waves and step.factor.size == 1 and (np.abs(step.shift) <= CLOSE).all():
        top = abs(float(step.before(1.0).max()))
        return Scale(-top, top, step.why)
    targets = ((0.0, 1.0), (-1.0, 1.0)) if step.inverts else ((-1.0, 1.0), (0.0, 1.0))
    found = [span for target in targets if (span := step.unit(*target))]
    if step.inverts:
        found.sort(key=lambda span: _rounded(span) not in _USUAL)
        found += [(0.0, step.turned_over)] if step.turned_over is not None else []
    if found:
        return Scale(*_rounded(found[0]), step.why)
    each = step.units() if step.factor.size + step.shift.size > 2 else None  # noqa: PLR2004
    return None if each is None else Scale(*each, step.why)


def _rounded(span: tuple[float, float]) -> tuple[float, float]:
    """Return a usual range in place of one that all but is it."""
    close = CLOSE * (span[1] - span[0])
    for usual in _USUAL:
        if max(abs(a - b) for a, b in zip(span, usual, strict=True)) <= close:
            return usual
    return (0.0 if abs(span[0]) <= close else span[0]), span[1]


def _standardised(step: AffineStep, *, pictures: bool) -> Scale | None:
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
        inside = (mean > low) & (mean < high) & (deviation**2 <= (1 + CLOSE) * most)
        if (inside & (share > _CONTRAST[0]) & (share < _CONTRAST[1])).all():
            return Scale(low, high, step.why)
    far = _DEVIATIONS * np.maximum(deviation, 1e-6)
    least, most = (np.broadcast_to(each, step.place.shape) for each in (mean - far, mean + far))
    return Scale(least, most, step.why, typical=True)


def _of_bins(step: AffineStep) -> Scale:
    """Return the range of values that are sorted into bins, some beyond the last ones included."""
    low, high = step.bins or (0.0, 1.0)
    ends = np.sort([step.before(low), step.before(high)], axis=0)
    least, most = (np.broadcast_to(each, step.place.shape) for each in ends)
    return Scale(least, most, step.why, typical=True)
