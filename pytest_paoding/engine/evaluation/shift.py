"""Output shift: by how much pruning can move an output, on any legal input at all.

A bound, not an estimate: the worst case over the whole range of the inputs, by interval arithmetic.
It needs no data and holds for every input, and it is loose, the more so the deeper the network:
intervals forget that units depend on each other. What two models differ by is carried on as a
difference (arXiv 2204.00783, section V-B), which is far tighter than the difference of two bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.input_ranges import input_ranges
from pytest_paoding.engine.execution.intervals import Interval, known_activation, layer_activation
from pytest_paoding.engine.execution.normalisation import affine
from pytest_paoding.engine.execution.propagation import propagation
from pytest_paoding.engine.execution.value_bounds import ValueBounds
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import InputRange

_ELEMENTWISE = (keras.layers.Dropout, keras.layers.Identity, keras.layers.ActivityRegularization)
_ACTIVATIONS = (keras.layers.Activation, keras.layers.Softmax)
_DETAIL = "worst case over the whole input range, by interval bounds"


class _UnboundedError(Exception):
    """A layer of which no bound is known."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """What is known of a tensor of the pruned model, in the original's units.

    Attributes:
        by: Bounds of its values minus the original's; a unit that is gone counts as zero.
        kept: The units that are still there; None where all are.
    """

    by: Interval
    kept: IntArray | None = None


def output_shift(original: Any, pruned: Any, plan: Plan, input_range: InputRange) -> Measurement:
    """Return a bound of how far any output moves, before its softmax or sigmoid.

    For networks of dense layers, activations and what acts on every unit alone; the input may be
    flattened or scaled first. Sound up to rounding. Costs two products with every kernel.

    Args:
        original: The model before pruning.
        pruned: The model after.
        plan: Which units stayed.
        input_range: Low and high of legal inputs, or such a pair for each input by its name.
    """
    graph = read_graph(original)
    bounds = _Bounds(graph, input_ranges(graph, input_range))
    kept = {layer.name: np.array(layer.kept) for layer in plan.layers}
    try:
        for before, after in zip(graph.calls, read_graph(pruned).calls, strict=True):
            bounds.follow(before, after, kept.get(before.name))
    except _UnboundedError as error:
        return Measurement(reason=str(error))
    return Measurement(found=bounds.largest, detail=_DETAIL)


class _Bounds:
    """The differences of the tensors of two models, call by call."""

    def __init__(self, graph: Graph, ranges: Mapping[Tensor, tuple[float, float]]) -> None:
        self._weights = WorkingWeights()
        self._values = ValueBounds(graph, self._weights, ranges, graph.calls)
        self._values.update()
        self._outputs = set(graph.outputs)
        self._moved = {tensor: _Moved(_still(self._value(tensor))) for tensor in graph.inputs}
        self.largest = 0.0

    def follow(self, before: Call, after: Call, kept: IntArray | None) -> None:
        """Take a call of the original model, and the same one of the pruned model."""
        layer = before.operation
        if len(before.inputs) != 1 or len(before.outputs) != 1:
            raise _UnboundedError(f"layer {before.name!r} joins tensors: no bound is known")
        tensor = before.inputs[0]
        moved = self._moved[tensor]
        is_dense = type(layer) is keras.layers.Dense
        function = known_activation(layer.activation) if is_dense else layer_activation(layer)
        if is_dense:
            changed = self._dense(before, after, moved, kept)
        elif type(layer) is keras.layers.BatchNormalization:
            changed = self._scaled(before, after, moved)
        elif function is not None or type(layer) in (*_ELEMENTWISE, *_ACTIVATIONS):
            changed = moved
        else:
            changed = _Moved(_carried(before, moved))
        if before.outputs[0] in self._outputs:
            self.largest = max(self.largest, _size(changed.by))
        elif function is None and (is_dense or type(layer) in _ACTIVATIONS):
            raise _UnboundedError(f"nothing is known of the activation of layer {before.name!r}")
        if function is not None:
            argument = self._values.before[before]
            changed = _Moved(function.difference(changed.by, argument), changed.kept)
        self._moved[before.outputs[0]] = self._without(changed, before.outputs[0])

    def _dense(self, before: Call, after: Call, moved: _Moved, kept: IntArray | None) -> _Moved:
        """Bound W' (x + d) + b' - W x - b = W' d + (W' - W) x + (b' - b)."""
        layer, other = before.operation, after.operation
        old = self._weights[layer, 0]
        new = np.zeros_like(old)
        columns = np.arange(old.shape[1]) if kept is None else kept
        rows = np.arange(old.shape[0]) if moved.kept is None else moved.kept
        new[np.ix_(rows, columns)] = self._weights[other, 0]
        by = _product(new, moved.by) + _product(new - old, self._value(before.inputs[0]))
        if layer.use_bias:
            bias = np.zeros_like(self._weights[layer, 1])
            bias[columns] = self._weights[other, 1]
            by = by.shifted(bias - self._weights[layer, 1])
        return _Moved(by, kept)

    def _scaled(self, before: Call, after: Call, moved: _Moved) -> _Moved:
        """Bound s' (x + d) + t' - s x - t = s' d + (s' - s) x + (t' - t)."""
        scale, shift = affine(before.operation, self._weights)
        new_scale, new_shift = scale.copy(), shift.copy()
        kept = slice(None) if moved.kept is None else moved.kept
        new_scale[kept], new_shift[kept] = affine(after.operation, self._weights)
        value = self._value(before.inputs[0])
        by = moved.by.times(new_scale) + value.times(new_scale - scale)
        return _Moved(by.shifted(new_shift - shift), moved.kept)

    def _without(self, moved: _Moved, tensor: Tensor) -> _Moved:
        """Let units that are gone move by what they were."""
        if moved.kept is None:
            return moved
        value = self._value(tensor)
        low, high = -value.high, -value.low
        low[..., moved.kept] = moved.by.low[..., moved.kept]
        high[..., moved.kept] = moved.by.high[..., moved.kept]
        return _Moved(Interval(low, high), moved.kept)

    def _value(self, tensor: Tensor) -> Interval:
        value = self._values.of(tensor)
        if value is None:
            raise _UnboundedError("a tensor of the model has no bound")
        return value


def _carried(call: Call, moved: _Moved) -> Interval:
    """Return what a layer that neither mixes nor weighs units makes of a difference."""
    kind = propagation(call.operation)
    if kind is None or kind.difference is None or moved.kept is not None:
        kind_of = type(call.operation).__name__
        raise _UnboundedError(
            f"layer {call.name!r} ({kind_of}) is not part of a dense network: no bound is known"
        )
    return kind.difference(call, [moved.by])


def _product(kernel: FloatArray, interval: Interval) -> Interval:
    return Interval.around(interval.centre @ kernel, interval.radius @ np.abs(kernel))


def _still(value: Interval) -> Interval:
    zero = np.zeros_like(value.low)
    return Interval(zero, zero)


def _size(interval: Interval) -> float:
    return float(max(-interval.low.min(), interval.high.max()))
