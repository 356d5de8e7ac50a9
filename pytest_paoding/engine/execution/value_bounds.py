"""Value bounds: intervals that hold the tensors of a model on any legal input.

Interval arithmetic through the graph (arXiv 2204.00783, section V-A), every layer included, with
the weights as they are at this moment of a search. Sound up to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.intervals import Interval, layer_activation
from pytest_paoding.engine.execution.linear import activation_of, bias, is_linear, linear
from pytest_paoding.engine.execution.propagation import propagation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor


class ValueBounds:
    """Bounds of the tensors that some calls depend on, kept until their weights change.

    Attributes:
        before: Bounds of what the activation of a call reads, for each call that has one.
    """

    def __init__(
        self,
        graph: Graph,
        weights: WorkingWeights,
        ranges: Mapping[Tensor, tuple[float, float]],
        until: Collection[Call],
    ) -> None:
        """Begin from the ranges of the inputs; `until` are the calls whose inputs matter."""
        self.before: dict[Call, Interval | None] = {}
        self._weights = weights
        self._calls = graph.ancestors(until)
        self._bounds: dict[Tensor, Interval | None] = {
            tensor: _filled(tensor, low, high) for tensor, (low, high) in ranges.items()
        }
        self._made_from: dict[Call, tuple[list[Interval | None], list[int]]] = {}

    def of(self, tensor: Tensor) -> Interval | None:
        """Return the bounds of a tensor, its batch axis of length one; None if none are known."""
        return self._bounds.get(tensor)

    def update(self) -> None:
        """Recompute the bounds that depend on weights that have changed."""
        for call in self._calls:
            inputs = [self._bounds.get(tensor) for tensor in call.inputs]
            versions = self._versions(call.operation)
            if not self._is_current(call, inputs, versions):
                self._made_from[call] = inputs, versions
                self._propagate(call, inputs)

    def _is_current(self, call: Call, inputs: list[Interval | None], versions: list[int]) -> bool:
        known, known_versions = self._made_from.get(call, ([], [-1]))
        return versions == known_versions and all(
            old is new for old, new in zip(known, inputs, strict=True)
        )

    def _versions(self, layer: Any) -> list[int]:
        count = len(layer.weights) if is_linear(layer) else 0
        return [self._weights.version((layer, index)) for index in range(count)]

    def _propagate(self, call: Call, inputs: list[Interval | None]) -> None:
        layer = call.operation
        known = [each for each in inputs if each is not None]
        after: Interval | None = None
        self.before[call] = None
        if len(known) == len(inputs) == 1:
            self.before[call] = self._before(layer, known[0])
        activation = activation_of(layer)
        kind = propagation(layer)
        if activation is not None and self.before[call] is not None:
            after = activation.value(self.before[call])  # type: ignore[arg-type]  # just checked
        elif kind is not None and len(known) == len(inputs):
            after = kind.value(call, known)
        for tensor in call.outputs:
            self._bounds[tensor] = after or a_priori(layer, tensor)

    def _before(self, layer: Any, interval: Interval) -> Interval | None:
        if layer_activation(layer) is not None:
            return interval
        if not is_linear(layer):
            return None
        bounds, offset = linear(layer, self._weights, interval), bias(layer, self._weights)
        return bounds if offset is None else bounds.shifted(offset)


def a_priori(layer: Any, tensor: Tensor) -> Interval | None:
    """Return bounds of a layer's output that hold whatever it reads, by its activation's range."""
    function = getattr(layer, "activation", None)
    ranges = {
        keras.activations.hard_sigmoid: (0.0, 1.0),
        keras.activations.sigmoid: (0.0, 1.0),
        keras.activations.softmax: (0.0, 1.0),
        keras.activations.softsign: (-1.0, 1.0),
        keras.activations.tanh: (-1.0, 1.0),
    }
    if type(layer) is keras.layers.Softmax:
        return _filled(tensor, 0.0, 1.0)
    return _filled(tensor, *ranges[function]) if function in ranges else None


def _filled(tensor: Tensor, low: float, high: float) -> Interval | None:
    """Return one interval for a whole tensor; None where a length is not fixed."""
    shape = (1, *(size for size in tensor.shape if size is not None))
    if len(shape) <= len(tensor.shape):
        return None
    return Interval(np.full(shape, low, np.float32), np.full(shape, high, np.float32))
