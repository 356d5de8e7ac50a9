"""Output shift: the most that pruning can move an output, on any legal input.

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

from pytest_paoding.engine.execution.intervals import Interval, layer_activation
from pytest_paoding.engine.execution.linear import activation_of
from pytest_paoding.engine.execution.normalisation import affine
from pytest_paoding.engine.execution.propagation import propagation
from pytest_paoding.engine.execution.value_bounds import ValueBounds
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.inputs.input_sources import sources_of
from pytest_paoding.records.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, IntArray
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import AboutInputs

_ELEMENTWISE = (keras.layers.Dropout, keras.layers.Identity, keras.layers.ActivityRegularization)
_ACTIVATIONS = (keras.layers.Activation, keras.layers.Softmax)
_DETAIL = "worst case over the whole input range, by interval bounds"


class _UnboundedError(Exception):
    """No bound is known of a layer or a tensor."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """The difference of a tensor of the pruned model, in the original's units.

    Attributes:
        by: Bounds of its values minus the original's; a unit that is gone counts as zero.
        kept: The units that are still there; None where all are.
    """

    by: Interval
    kept: IntArray | None = None


def output_shift(
    original: Any, pruned: Any, plan: Plan, **inputs: Unpack[AboutInputs]
) -> Measurement:
    """Return a bound of how far any output moves, before its softmax or sigmoid.

    Known for networks of dense layers, activations and layers that act on every unit alone, behind
    an input that may be flattened or scaled first. Sound up to rounding. Costs two products with
    every kernel.

    Args:
        original: The model before pruning.
        pruned: The model after.
        plan: The plan it was pruned by.
        **inputs: `input_range` and `input_kind`, as for a pruning.
    """
    graph = read_graph(original)
    ranges = sources_of(graph, inputs.get("input_range"), inputs.get("input_kind")).ranges
    shift = _Shift(graph, read_graph(pruned), plan, ranges)
    try:
        return Measurement(found=shift.largest(), detail=_DETAIL)
    except _UnboundedError as error:
        return Measurement(reason=str(error))


class _Shift:
    """The differences between the tensors of two models, call by call."""

    def __init__(
        self, graph: Graph, pruned: Graph, plan: Plan, ranges: Mapping[Tensor, tuple[float, float]]
    ) -> None:
        self._graph = graph
        self._pruned = dict(zip(graph.calls, pruned.calls, strict=True))
        self._kept = {layer.name: np.array(layer.kept) for layer in plan.layers}
        self._weights = WorkingWeights()
        self._values = ValueBounds(graph, self._weights, ranges, graph.calls)
        self._values.update()
        self._at_outputs: list[Interval] = []

    def largest(self) -> float:
        """Return how far any output can move, before its activation.

        Raises:
            _UnboundedError: Nothing is known of a layer or a tensor on the way.
        """
        inputs = [_Moved(_still(self._value(tensor))) for tensor in self._graph.inputs]
        self._graph.run(inputs, self._after)
        return max(map(_size, self._at_outputs), default=0.0)

    def _after(self, call: Call, inputs: list[_Moved]) -> list[_Moved]:
        """Return the difference of a call's output, from those of its inputs."""
        if len(inputs) != 1 or len(call.outputs) != 1:
            raise _UnboundedError(f"layer {call.name!r} joins tensors: no bound is known")
        layer, output = call.operation, call.outputs[0]
        moved = self._before_activation(call, inputs[0])
        activation = activation_of(layer)
        if output in self._graph.outputs:
            self._at_outputs.append(moved.by)
        elif activation is None and type(layer) in (keras.layers.Dense, *_ACTIVATIONS):
            raise _UnboundedError(f"nothing is known of the activation of layer {call.name!r}")
        if activation is not None:
            by = activation.difference(moved.by, self._values.before[call])
            moved = _Moved(by, moved.kept)
        return [self._with_removed(moved, output)]

    def _before_activation(self, call: Call, moved: _Moved) -> _Moved:
        layer = call.operation
        if type(layer) is keras.layers.Dense:
            return self._dense(call, moved)
        if is_norm(call):
            return self._scaled(call, moved)
        if layer_activation(layer) is not None or type(layer) in (*_ELEMENTWISE, *_ACTIVATIONS):
            return moved
        return _Moved(_carried(call, moved))

    def _dense(self, call: Call, moved: _Moved) -> _Moved:
        """Bound W' (x + d) + b' - W x - b = W' d + (W' - W) x + (b' - b)."""
        layer, other = call.operation, self._pruned[call].operation
        kept = self._kept.get(call.name)
        old = self._weights[layer, 0]
        new = np.zeros_like(old)
        columns = np.arange(old.shape[1]) if kept is None else kept
        rows = np.arange(old.shape[0]) if moved.kept is None else moved.kept
        new[np.ix_(rows, columns)] = self._weights[other, 0]
        by = _product(new, moved.by) + _product(new - old, self._value(call.inputs[0]))
        if layer.use_bias:
            bias = np.zeros_like(self._weights[layer, 1])
            bias[columns] = self._weights[other, 1]
            by = by.shifted(bias - self._weights[layer, 1])
        return _Moved(by, kept)

    def _scaled(self, call: Call, moved: _Moved) -> _Moved:
        """Bound s' (x + d) + t' - s x - t = s' d + (s' - s) x + (t' - t)."""
        scale, shift = affine(call.operation, self._weights)
        new_scale, new_shift = scale.copy(), shift.copy()
        kept = slice(None) if moved.kept is None else moved.kept
        new_scale[kept], new_shift[kept] = affine(self._pruned[call].operation, self._weights)
        value = self._value(call.inputs[0])
        by = moved.by.times(new_scale) + value.times(new_scale - scale)
        return _Moved(by.shifted(new_shift - shift), moved.kept)

    def _with_removed(self, moved: _Moved, tensor: Tensor) -> _Moved:
        """Bound removed units too: each has moved from its value to zero."""
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
    """Propagate a difference through a layer that neither mixes nor weighs units."""
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
