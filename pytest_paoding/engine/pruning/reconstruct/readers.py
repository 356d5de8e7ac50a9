"""Readers: the calls that sum over units, and the columns of their inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.linear import CONVS
from pytest_paoding.engine.graph.axes import channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure, WeightAxis
    from pytest_paoding.engine.graph.trace import Call, Tensor
    from pytest_paoding.engine.graph.types import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Channels that occur equally often on the axis a reader sums over.

    A channel of several positions (one that was flattened) counts as several samples of one value.
    Channels that were concatenated with those of a group are columns too: they help to compensate
    for removed ones.

    Attributes:
        tensor: The tensor that is read.
        axis: Its axis that is summed over, negative from the end.
        positions: Positions of each column on that axis, shape (columns, occurrences).
        classes: Class of each column, ascending, shape (columns,).
    """

    tensor: Tensor
    axis: int
    positions: IntArray
    classes: IntArray

    def samples(self, values: Any, most: int, generator: np.random.Generator) -> Any:
        """Return values of the tensor as samples of the columns, shape (samples, columns).

        Args:
            values: Those of a chunk.
            most: How many samples are drawn where there are more; only these are copied.
            generator: Draws them.
        """
        last = np.moveaxis(np.asarray(values), self.axis, -1)
        occurrences = self.positions.shape[1]
        count = last.size // last.shape[-1] * occurrences
        chosen = np.arange(count)
        if count > most:
            chosen = generator.choice(count, most, replace=False)
        places, which = np.divmod(chosen, occurrences)
        where = np.unravel_index(places, last.shape[:-1])
        if occurrences == 1:  # whole rows, which copy faster
            return last[where][:, self.positions[:, 0]]
        return last[(*(each[:, None] for each in where), self.positions.T[which])]

    def rows(self, group: Group) -> IntArray:
        """Return the column of each unit of a group, shape (units,)."""
        return np.searchsorted(self.classes, group.units)


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A call that sums over units with a plain kernel.

    Attributes:
        call: The call, the only one of its layer.
        axis: The axis of its kernel that is summed over.
        columns: Its input channels, in order of their number of occurrences.
    """

    call: Call
    axis: WeightAxis
    columns: tuple[Columns, ...]

    @property
    def layer(self) -> Any:
        """The layer."""
        return self.call.operation


def find_readers(structure: Structure) -> tuple[Reader, ...]:
    """Return the calls, in order, that reconstruction can rewrite.

    These are dense layers and ungrouped convolutions that are called once: their results are linear
    in each unit of one tensor.
    """
    graph = structure.graph
    axes = {(axis.layer, axis.index): axis for axis in structure.axes if axis.contracted}
    found = []
    for call in graph.calls:
        layer = call.operation
        if (layer, 0) in axes and _is_plain(layer) and len(graph.calls_of(layer)) == 1:
            axis = axes[layer, 0]
            found.append(Reader(call, axis, _columns(call, axis)))
    return tuple(found)


def readers_of(group: Group, readers: Sequence[Reader]) -> list[tuple[Reader, Columns]] | None:
    """Return the readers of a group and its columns there; None if other calls read it too."""
    if not group.mergeable:
        return None
    by_layer = {reader.layer: reader for reader in readers}
    found = []
    for sites in group.contracted:
        reader = by_layer.get(sites.axis.layer)
        if reader is None or reader.axis.index != sites.axis.index:
            return None
        occurrences = sites.positions.shape[1]
        alike = (each for each in reader.columns if each.positions.shape[1] == occurrences)
        found.append((reader, next(alike)))
    return found


def _is_plain(layer: Any) -> bool:
    if type(layer) in CONVS:
        return bool(layer.groups == 1)
    return type(layer) is keras.layers.Dense


def _columns(call: Call, axis: WeightAxis) -> tuple[Columns, ...]:
    order = np.argsort(axis.classes, kind="stable")
    classes, start, counts = np.unique(axis.classes[order], return_index=True, return_counts=True)
    tensor = call.inputs[0]
    axis_read = -len(tensor.shape) if channels_first(call.operation) else -1
    found = []
    for occurrences in np.unique(counts):
        alike = counts == occurrences
        positions = order[start[alike][:, None] + np.arange(occurrences)]
        found.append(Columns(tensor, axis_read, positions, classes[alike]))
    return tuple(found)
