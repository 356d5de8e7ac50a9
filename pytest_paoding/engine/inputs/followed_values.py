"""Followed values: where each value of a graph's first tensors is from, and what became of it.

Columns of one input may go ways of their own, and several inputs may be joined before a layer
tells what they hold. So every value is followed through all that arranges values, maps each by
`factor * value + shift`, or averages neighbours. What is done with them is measured, not looked up:
a call is run on few inputs, which finds the map whatever the call is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.inputs.affine_steps import AffineStep, bins_of, statistics_of
from pytest_paoding.engine.inputs.kinds import KNOWING, TABLES, is_a
from pytest_paoding.engine.inputs.layouts import ARRANGING, arranged
from pytest_paoding.errors import RAISED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray

_MOVING = (*ARRANGING, "Take", "Unstack", "Slice", "Repeat", "Tile")
_WHOLE = ("Cast", "Round", "Floor", "Ceil", "Trunc")
_LEAVING = (*_WHOLE, "Masking")
"""What leaves values as they are, as far as it matters: a mask's own value is no value."""

_STANDARDISING = ("Normalization", "BatchNormalization")
_ROUNDING = 1e-4
_PROBES = 3  # inputs of zeros, of ones and of twos
_CONSTANT = -1


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The values of one tensor, each `factor * value + shift` of one value of an input.

    Attributes:
        place: Flat place of that value among all inputs, one behind the other, of the tensor's
            shape; -1 where it is none.
        factor: Likewise.
        shift: Likewise.
        alone: Whether no other value has a share in it; else `place` is the middle of some.
    """

    place: IntArray
    factor: FloatArray
    shift: FloatArray
    alone: bool = True

    @classmethod
    def of(cls, place: IntArray) -> Followed:
        """Return values as they are."""
        return cls(place, np.ones(place.shape), np.zeros(place.shape))

    def at(self, value: float) -> FloatArray:
        """Return the values where those of all inputs are `value`."""
        return np.asarray(self.factor * value + self.shift)


@dataclass(slots=True, eq=False)
class FollowedValues:
    """The values of the inputs of a graph, as far as they can be followed.

    Attributes:
        by_tensor: What is known of each tensor that can be followed.
    """

    graph: Graph
    by_tensor: dict[Tensor, Followed] = field(default_factory=dict)
    _starts: dict[Tensor, int] = field(default_factory=dict)
    _steps: list[AffineStep] = field(default_factory=list)

    @classmethod
    def of(cls, graph: Graph) -> FollowedValues:
        """Follow the values of a graph's inputs, its lengths settled.

        Cost: a run of what stands before the layers with weights, on three samples and one for
        each axis.
        """
        found = cls(graph)
        start = 0
        for tensor in graph.inputs:
            own = tuple(size or 1 for size in tensor.shape)
            found._starts[tensor] = start
            found.by_tensor[tensor] = Followed.of(np.arange(start, start + prod(own)).reshape(own))
            start += prod(own)
        for call in graph.calls:
            if any(each in found.by_tensor for each in call.inputs):
                found._follow(call)
        return found

    def local(self, followed: Followed, tensor: Tensor) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return places in one input, factors and shifts of the values that come from it, flat."""
        place = followed.place.reshape(-1) - self._starts[tensor]
        mine = (place >= 0) & (place < prod(size or 1 for size in tensor.shape))
        return place[mine], followed.factor.reshape(-1)[mine], followed.shift.reshape(-1)[mine]

    def steps(self, tensor: Tensor) -> Iterator[AffineStep]:
        """Yield what calls do with the values of one input, in order."""
        for step in self._steps:
            parts = Followed(step.place, step.factor, step.shift)
            place, factor, shift = self.local(parts, tensor)
            if place.size:
                yield AffineStep(place, factor, shift, step.why, step.learned, step.bins)

    def _follow(self, call: Call) -> None:
        """Follow values through a call, and note what it does with them."""
        read = [self.by_tensor.get(each) for each in call.inputs]
        if is_a(call.operation, *_MOVING):
            self.by_tensor.update(_arranged(call, read))
            return
        known = [each for each in read if each is not None]
        if (
            len(known) < len(read)
            or len(call.outputs) != 1
            or is_a(call.operation, *TABLES, *KNOWING)
        ):
            return
        (output,), before = call.outputs, known[0]
        if is_a(call.operation, *_LEAVING):
            self.by_tensor[output] = before
        elif is_a(call.operation, "Discretization"):
            bins = bins_of(call.operation)
            if bins is not None:
                self._note(call, before, bins=bins)
        elif is_a(call.operation, *_STANDARDISING):
            self._note(call, _standardised(call, before), learned=True)
        elif not getattr(call.operation, "weights", ()) or _is_preprocessing(call):
            found = _mapped(call, known)
            if found is not None:
                self.by_tensor[output] = found
                if not _alike(found, before):
                    self._note(call, found)

    def _note(
        self,
        call: Call,
        found: Followed,
        *,
        learned: bool = False,
        bins: tuple[float, float] | None = None,
    ) -> None:
        chosen = found.place.reshape(-1) >= 0
        if chosen.any():
            factor, shift = (each.reshape(-1)[chosen] for each in (found.factor, found.shift))
            place = found.place.reshape(-1)[chosen]
            self._steps.append(AffineStep(place, factor, shift, call.name, learned, bins))


def _alike(one: Followed, two: Followed) -> bool:
    """Whether two tensors are the same map of values, each of them or all."""
    if one.place.shape != two.place.shape:
        ends = [(each.min(), each.max()) for each in (one.factor, two.factor, one.shift, two.shift)]
        return len(set(ends[:2])) == len(set(ends[2:])) == 1
    pairs = ((one.factor, two.factor), (one.shift, two.shift))
    return all(np.allclose(each, other, rtol=_ROUNDING, atol=0) for each, other in pairs)


def _is_preprocessing(call: Call) -> bool:
    return is_a(call.operation, "BaseImagePreprocessingLayer")


def _arranged(call: Call, read: list[Followed | None]) -> dict[Tensor, Followed]:
    """Return what a call makes of values that it puts into other places."""
    shapes = [tuple(size or 1 for size in each.shape) for each in call.inputs]
    parts = [
        each or Followed(np.full(shape, _CONSTANT), np.zeros(shape), np.zeros(shape))
        for each, shape in zip(read, shapes, strict=True)
    ]
    place, factor, shift = (
        np.concatenate([getattr(each, name).reshape(-1) for each in parts])
        for name in ("place", "factor", "shift")
    )
    ends = np.cumsum([each.place.size for each in parts])
    numbers = [
        np.arange(end - each.place.size, end).reshape(each.place.shape)
        for each, end in zip(parts, ends, strict=True)
    ]
    found = arranged(call, numbers) or {}
    alone = all(each.alone for each in parts)
    return {
        tensor: Followed(place[each], factor[each], shift[each], alone)
        for tensor, each in found.items()
    }


def _mapped(call: Call, read: list[Followed]) -> Followed | None:
    """Return what a call makes of values; None if it is not affine.

    Whole numbers are tried as such: what a cast made of them may be none behind it.
    """
    whole = len(read) == 1 and not is_floating(call.inputs[0])
    tried = [Followed.of(each.place) for each in read] if whole else read
    found = _affine(call, tried)
    place = None if found is None else _places(call, read, found[0].shape)
    if found is None or place is None:
        return None
    (factor, shift), (before, *_) = found, read
    if whole and before.place.shape == factor.shape:
        factor, shift = factor * before.factor, factor * before.shift + shift
    kept = np.where(factor == 0, _CONSTANT, place)
    same = all(each.place.shape == factor.shape and each.alone for each in read)
    return Followed(kept, factor, shift, same)


def _affine(call: Call, read: list[Followed]) -> tuple[FloatArray, FloatArray] | None:
    """Return the factor and shift that a call makes of values; None if it makes something else."""
    outputs = _run(call, [[each.at(value) for value in range(_PROBES)] for each in read])
    if outputs is None:
        return None
    zero, one, two = outputs
    factor = one - zero
    tolerance = _ROUNDING * float(np.abs(outputs).max(initial=0))
    straight = np.abs(two - one - factor).max(initial=0) <= tolerance
    return (factor, zero) if straight else None


def _places(call: Call, read: list[Followed], shape: tuple[int, ...]) -> IntArray | None:
    """Return the place that each value of what a call returns is of, or is around.

    Args:
        call: The call.
        read: What it reads.
        shape: Shape of what it returns, without the samples.
    """
    if len(read) == 1:
        (before,) = read
        return before.place if before.place.shape == shape else _centres(call, before)
    try:
        spread = [np.broadcast_to(each.place, shape) for each in read]
    except ValueError:
        return None
    constant = [(each == _CONSTANT) for each in spread]
    place = np.max(spread, axis=0)
    same = [(each == place) | none for each, none in zip(spread, constant, strict=True)]
    return place if np.all(same) else None


def _centres(call: Call, before: Followed) -> IntArray | None:
    """Return the places of the values in the middle of those that each value is made of.

    Coordinates are averaged as the values are, so that the weights of an average do not matter.
    """
    shape = before.place.shape
    grids = [np.broadcast_to(grid, shape) for grid in np.ogrid[tuple(map(slice, shape))]]
    if call.inputs[0].dtype in ("uint8", "int8", "bool"):
        return None  # sums of coordinates are no such numbers
    outputs = _run(call, [[np.zeros(shape), np.ones(shape), *grids]])
    if outputs is None:
        return None
    zero, one, *along = outputs
    with np.errstate(all="ignore"):
        centres = [np.nan_to_num((each - zero) / (one - zero)) for each in along]
    places = [
        np.clip(np.rint(each), 0, size - 1).astype(np.int64)
        for each, size in zip(centres, shape, strict=True)
    ]
    return np.asarray(before.place[tuple(places)])


def _run(call: Call, values: list[list[Any]]) -> FloatArray | None:
    """Return what a call makes of some samples of each of its inputs; None if it refuses them."""
    count = len(values[0])
    try:
        (outputs,) = call.on(
            tf.cast(np.stack(each), tensor.dtype)
            for each, tensor in zip(values, call.inputs, strict=True)
        )
        found = values_of(outputs)
    except RAISED:  # layers refuse values in ways of their own
        return None
    if found.dtype.kind not in "fiu" or found.shape[:1] != (count,):
        return None
    exact = found.astype(np.float64)
    return exact if np.isfinite(exact).all() else None


def _standardised(call: Call, before: Followed) -> Followed:
    """Return the values that a normalisation standardises, by what it knows of them."""
    mean, deviation = statistics_of(call)
    deviation = np.maximum(deviation, 1e-6)
    factor = before.factor / deviation
    shift = (before.shift - mean) / deviation
    return Followed(before.place, factor, shift)
