"""The impact of a merge: how far it, and those before it, can move the model's outputs.

Where unit j takes over for unit i, the result of a reader moves by `W_next[i] * (a_j - a_i)`, an
interval. This difference is propagated to the outputs, on top of those of earlier merges in the
same layer or before it (arXiv 2204.00783, equation 3 and section V).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.intervals import Interval
from pytest_paoding.engine.execution.linear import activation_of, is_linear, linear
from pytest_paoding.engine.execution.propagation import propagation
from pytest_paoding.engine.execution.value_bounds import ValueBounds
from pytest_paoding.engine.execution.working import key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any, TypeAlias

    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.groups import Sites
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.pruning.pairs import DenseGroup, Pairs

    Deltas: TypeAlias = "Mapping[Call, Interval]"


class OutputImpact:
    """Scores merges by their effect on a model's outputs, and remembers those that were made.

    Cost of scoring c merges of one layer: one product of a (c, units) matrix with each kernel
    between that layer and the outputs, in centre and radius form.
    """

    def __init__(
        self,
        graph: Graph,
        weights: WorkingWeights,
        ranges: Mapping[Tensor, tuple[float, float]],
        groups: Collection[DenseGroup],
    ) -> None:
        """Prepare for merges in `groups`, with inputs within `ranges`."""
        readers = {call for group in groups for _, call in group.readers}
        self._weights = weights
        self._graph = graph
        self._bounds = ValueBounds(graph, weights, ranges, graph.descendants(readers))
        self._made: dict[Call, Interval] = {}

    def update(self) -> None:
        """Bound the values of units again after weights have changed."""
        self._bounds.update()

    def deltas(self, group: DenseGroup, pairs: Pairs) -> Deltas | None:
        """Return the interval by which each merge moves each reader's result, batch axis = pairs.

        None where the values of the units are not bounded.
        """
        deltas = {}
        for sites, call in group.readers:
            values = self._bounds.of(call.inputs[0])
            if values is None or not np.isfinite(values.high).all():
                return None
            deltas[call] = self._delta(sites, values, pairs)
        return deltas

    def accept(self, deltas: Deltas, chosen: Any) -> None:
        """Remember that the merges at the indices `chosen` were made."""
        for call, delta in deltas.items():
            total = Interval(
                delta.low[chosen].sum(axis=0, keepdims=True),
                delta.high[chosen].sum(axis=0, keepdims=True),
            )
            self._made[call] = self._made[call] + total if call in self._made else total

    def effects(self, deltas: Deltas) -> Interval:
        """Return the interval by which each merge can move each output, shape (merges, outputs).

        Outputs are taken before their activation; where a layer's effect on differences is unknown,
        its inputs count as outputs.
        """
        reached: list[Interval] = []

        def follow(call: Call, inputs: list[Interval | None]) -> list[Interval | None]:
            added = [each[call] for each in (self._made, deltas) if call in each]
            ends, after = self._through(call, inputs, added)
            reached.extend(ends)
            return [after] * len(call.outputs)

        self._graph.run([None] * len(self._graph.inputs), follow)
        count = max(len(each.low) for each in reached)
        return Interval(
            np.concatenate([_flat(each.low, count) for each in reached], axis=1),
            np.concatenate([_flat(each.high, count) for each in reached], axis=1),
        )

    def _delta(self, sites: Sites, values: Interval, pairs: Pairs) -> Interval:
        nominees, delegates = sites.positions[pairs.nominees], sites.positions[pairs.delegates]
        kernel = self._weights[key_of(sites)]
        moved = Interval(values.low[..., delegates], values.high[..., delegates]) - Interval(
            values.low[..., nominees], values.high[..., nominees]
        )
        rows = kernel[nominees]  # (pairs, occurrences, units)
        centre = np.moveaxis(moved.centre[0], -2, 0)  # (pairs, ..., occurrences)
        radius = np.moveaxis(moved.radius[0], -2, 0)
        between = (slice(None), *(None,) * (centre.ndim - 2))
        centre = np.matmul(centre[..., None, :], rows[between])[..., 0, :]
        radius = np.matmul(radius[..., None, :], np.abs(rows)[between])[..., 0, :]
        return Interval.around(centre, radius)

    def _through(
        self, call: Call, inputs: Sequence[Interval | None], added: Sequence[Interval]
    ) -> tuple[list[Interval], Interval | None]:
        """Return the differences that end at a call, and the one that it propagates."""
        layer = call.operation
        known = [each for each in inputs if each is not None]
        if not (known or added):
            return [], None
        activation = activation_of(layer)
        before = known[0] if known else added[0]
        if is_linear(layer):
            before = _total([*(linear(layer, self._weights, each) for each in known), *added])
        if is_linear(layer) or activation is not None:
            if activation is None or set(call.outputs) & set(self._graph.outputs):
                return [before], None
            return [], activation.difference(before, self._bounds.before[call])
        kind = propagation(layer)
        if kind is None or kind.difference is None:
            return known, None
        after = kind.difference(call, _filled_in(call, inputs, len(known[0].low)))
        return [after for tensor in call.outputs if tensor in self._graph.outputs], after


def _total(intervals: Sequence[Interval]) -> Interval:
    total = intervals[0]
    for each in intervals[1:]:
        total = total + each
    return total


def _filled_in(call: Call, inputs: Sequence[Interval | None], count: int) -> list[Interval]:
    """Return the intervals of all inputs over one batch length, zero where nothing moves."""
    count = max([count, *(len(each.low) for each in inputs if each is not None)])
    filled = []
    for tensor, each in zip(call.inputs, inputs, strict=True):
        shape = (count, *(size or 1 for size in tensor.shape))
        low, high = (0.0, 0.0) if each is None else (each.low, each.high)
        filled.append(Interval(np.broadcast_to(low, shape), np.broadcast_to(high, shape)))
    return filled


def _flat(array: Any, count: int) -> Any:
    flat = array.reshape(len(array), -1)
    return np.broadcast_to(flat, (count, flat.shape[1]))
