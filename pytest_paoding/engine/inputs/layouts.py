"""Layouts: how the values of an input lie in the tensor that the first telling layer reads.

A picture may come in without an axis of channels, with its axes swapped, or flat: what tells is the
layer that reads it, behind those that merely arrange it. It is drawn as that layer reads it, and
then arranged as the model wants it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isqrt, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.graph.axes import channels_first
from pytest_paoding.engine.graph.functional import is_nested, read_graph
from pytest_paoding.engine.inputs.kinds import (
    RANKS,
    SIGNAL_LAST,
    asides,
    inner_layer,
    is_a,
    kind_of_rank,
    kind_read_by,
)
from pytest_paoding.errors import RAISED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.records.protocol import InputKind

ARRANGING = (
    *("Reshape", "Permute", "Flatten", "Ravel", "Transpose", "Moveaxis", "SwapAxes", "Swapaxes"),
    *("ExpandDims", "Squeeze", "Flip", "GetItem", "Stack", "Concatenate", "Split", "Roll"),
)
"""Layers and operations that do no more than put values into other places."""

_JOINING = ("Stack", "Concatenate")
_FOREIGN = -1
_KEEPING = (
    "Normalization",
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "RMSNormalization",
    "PReLU",
)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The way from values as they are drawn to values as a model takes them.

    Attributes:
        shape: Shape of drawn values, without the samples.
        own: Shape of the input, without the samples.
        index: For every value of the input, flattened, its place among the drawn ones; None where
            they lie alike.
    """

    shape: tuple[int, ...]
    own: tuple[int, ...]
    index: IntArray | None = None

    def taken(self, drawn: Any) -> Any:
        """Return drawn values as the model takes them, shape (samples, *own)."""
        if self.index is None:
            return drawn.reshape(len(drawn), *self.own)
        flat = drawn.reshape(len(drawn), self.index.size)
        return flat[:, self.index].reshape(len(drawn), *self.own)

    def drawn(self, taken: Any) -> Any:
        """Return values of the input as they are drawn; tensors too, shape (samples, *shape)."""
        if self.shape == self.own and self.index is None:
            return taken
        flat = tf.reshape(taken, (-1, prod(self.own)))
        if self.index is not None:
            flat = tf.gather(flat, np.argsort(self.index), axis=1)
        return tf.reshape(flat, (-1, *self.shape))

    @classmethod
    def plain(cls, own: tuple[int, ...]) -> Layout:
        """Return the layout of values that are drawn as the model takes them."""
        return cls(own, own)

    @classmethod
    def read_at(cls, places: IntArray, own: tuple[int, ...]) -> Layout | None:
        """Return the layout of values that are drawn as a layer reads them.

        Args:
            places: For every value that the layer reads its flat place in the input, -1 for those
                of other inputs.
            own: Shape of the input.

        Returns:
            None if it reads some values only, or some twice, in another number of axes.
        """
        places = _once(_own_part(places))
        if places.size == prod(own):
            order = np.argsort(places, axis=None)
            if (places.reshape(-1)[order] == np.arange(places.size)).all():
                straight = bool((order == np.arange(order.size)).all())
                return cls(places.shape, own, None if straight else order)
        return cls.plain(own) if len(places.shape) == len(own) else None


def _own_part(places: IntArray) -> IntArray:
    """Return the places of one input within what it was joined to others to, if that is a box."""
    mine = places >= 0
    if mine.all():
        return places
    axes = [
        tuple(each for each in range(places.ndim) if each != axis) for axis in range(places.ndim)
    ]
    part = places[np.ix_(*(mine.any(axis=others) for others in axes))]
    return part if (part >= 0).all() else places


def _once(places: IntArray) -> IntArray:
    """Return places without the copies of all of them along an axis, as of a grey picture's."""
    for axis in range(places.ndim):
        first = places.take([0], axis) if places.shape[axis] else places
        places = first if (places == first).all() else places
    return places


@dataclass(frozen=True, slots=True, eq=False)
class InputReading:
    """What the first layer that tells takes an input for.

    Attributes:
        kind: The kind of the input.
        call: The call of that layer; None where no layer tells.
        layout: How the input is drawn.
        reached: Where no layer told, places of the input's values in the tensors that hold them,
            arranged and scaled at most.
        called: What a note calls the input, where its kind does not say it.
    """

    kind: InputKind
    call: Call | None
    layout: Layout
    reached: Mapping[Tensor, IntArray] = field(default_factory=dict)
    called: str = ""


def reading_of(graph: Graph, tensor: Tensor, kind: InputKind | None = None) -> InputReading:
    """Return what an input is, read off the first layer that tells.

    Args:
        graph: The model's graph, its lengths settled.
        tensor: The input.
        kind: What the user says it is.
    """
    own = tuple(size or 1 for size in tensor.shape)
    reached: dict[Tensor, IntArray] = {tensor: _counted(own)}
    for call in graph.calls:
        places = [reached[each] for each in call.inputs if each in reached]
        if not places:
            continue
        told = _told(call, reached, own)
        if told is not None and kind in (None, told.kind):
            return told
        if len(places) == len(call.inputs):
            reached.update(_handed_on(call, places))
        elif is_a(call.operation, *_JOINING):
            reached.update(arranged(call, [_placed(each, reached) for each in call.inputs]) or {})
    if kind is not None:
        fitting = (
            Layout.read_at(each, own) for each in reached.values() if each.ndim in RANKS[kind]
        )
        said = Layout(_drawn_as(kind, own), own)
        return InputReading(kind, None, next(filter(None, fitting), said), reached)
    return InputReading(kind_of_rank(len(own)), None, Layout.plain(own), reached)


def _drawn_as(kind: InputKind, own: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that an input is drawn in which is of a kind because the user says so.

    Pictures and series may lack an axis of channels, and pictures be flat; else it is its own.
    """
    if len(own) in RANKS[kind]:
        return own
    if len(own) + 1 in RANKS[kind]:
        return (*own, 1)
    for channels in (1, 3) if kind == "picture" and len(own) == 1 else ():
        side = isqrt(own[0] // channels)
        if side * side * channels == own[0]:
            return side, side, channels
    return own


def _counted(shape: tuple[int, ...]) -> IntArray:
    return np.arange(prod(shape), dtype=np.int64).reshape(shape)


def _placed(tensor: Tensor, reached: Mapping[Tensor, IntArray]) -> IntArray:
    """Return the places of a tensor's values; -1 for all of one that other inputs make."""
    shape = tuple(size or 1 for size in tensor.shape)
    return reached.get(tensor, np.full(shape, _FOREIGN))


def _told(
    call: Call, reached: Mapping[Tensor, IntArray], own: tuple[int, ...]
) -> InputReading | None:
    """Return what a call takes an input for that it reads; None if it does not tell."""
    beside = asides(call)
    read = [each for each in call.inputs if each in reached and each not in beside]
    if not read:
        return None
    places = reached[read[0]]
    inner = inner_layer(call.operation)
    if inner is not None:
        kind, places = _read_by_steps(inner, places)
    else:
        kind, places = _read_by(call.operation, places)
    if kind is None or places.ndim not in RANKS[kind]:
        return None
    partly = kind == "tokens" and np.unique(places[places >= 0]).size < prod(own)
    layout = Layout.read_at(places, own)
    if layout is None or (partly and read[0].dtype != "string"):
        return None  # a column that is looked up does not make tokens of the others
    return InputReading(kind, call, layout)


def _read_by(operation: Any, places: IntArray) -> tuple[InputKind | None, IntArray]:
    """Return what a layer reads, and the places of its values with the channels last."""
    if is_a(operation, *SIGNAL_LAST):
        return kind_read_by(operation), np.moveaxis(places, -1, 0)
    first = channels_first(operation) and places.ndim > 1
    return kind_read_by(operation), np.moveaxis(places, 0, -1) if first else places


def _read_by_steps(inner: Any, places: IntArray) -> tuple[InputKind | None, IntArray]:
    """Return what a layer that is applied to every step reads, and the places of its values."""
    shape = places.shape[1:]
    step = _counted(shape)
    if is_nested(inner):
        graph = read_graph(inner, [shape])
        reading = reading_of(graph, graph.inputs[0])
        kind: InputKind | None = reading.kind
        step = np.asarray(reading.layout.drawn(step[None]))[0]
    else:
        kind, step = _read_by(inner, step)
        kind = kind or kind_of_rank(len(shape))
    if kind != "tokens":
        kind = "video" if kind == "picture" else "sequence"
    return kind, places.reshape(len(places), -1)[:, step]


def _handed_on(call: Call, places: list[IntArray]) -> dict[Tensor, IntArray]:
    """Return the places of what a call returns, if it does no more than arrange or scale values.

    A dense layer does that too, at every step of what it reads.
    """
    operation = call.operation
    stepwise = is_a(operation, "Dense") and places[0].ndim > 1
    if getattr(operation, "weights", ()) and not (stepwise or is_a(operation, *_KEEPING)):
        return {}
    if is_a(operation, *ARRANGING):
        found = arranged(call, places)
        if found is not None:
            return found
    first = call.outputs[0]
    return {first: places[0]} if len(first.shape) == places[0].ndim else {}


def arranged(call: Call, places: list[IntArray]) -> dict[Tensor, IntArray] | None:
    """Return the places of values that a call arranges; None if it refuses their shapes."""
    try:
        found = call.on([tf.constant(each[None]) for each in places])
    except RAISED:  # it wants a shape that a layer before it has changed
        return None
    return {
        tensor: np.asarray(each)[0]
        for tensor, each in zip(call.outputs, found, strict=True)
        if each.dtype == tf.int64 and len(each.shape) == len(tensor.shape) + 1
    }
