"""The units of one group in a reconstruction: their readers, and their order of removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.reconstruct.moments import elimination_order
from pytest_paoding.engine.pruning.reconstruct.readers import readers_of
from pytest_paoding.engine.pruning.unit_search import UnitSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.readers import Columns, Reader
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """A group in the course of a reconstruction.

    Attributes:
        group: The group.
        read: Its readers, with its columns there; None where other calls read it too, so that its
            units are removed without compensation.
        calls: Every call that sums over its units, in order.
        order: Its units in the order of their removal, all but the last.
    """

    group: Group
    read: list[tuple[Reader, Columns]] | None
    calls: tuple[Call, ...]
    order: IntArray

    @classmethod
    def of(cls, group: Group, readers: Sequence[Reader], survey: Survey) -> Units:
        """Order the units of a group by the survey's moments."""
        read = readers_of(group, readers)
        layers = {sites.axis.layer for sites in group.contracted}
        calls = tuple(call for call in survey.structure.graph.calls if call.operation in layers)
        if read:
            moments = [(survey.moments[columns], columns.rows(group)) for _, columns in read]
            order = elimination_order(moments, group.width - 1)
        else:
            scale = UnitSearch(group, survey.model.weights).scale()
            order = np.argsort(scale, kind="stable")[: group.width - 1]
        return cls(group, read, calls, order)

    @property
    def name(self) -> str:
        """The group's name."""
        return self.group.name

    @property
    def width(self) -> int:
        """Number of its units."""
        return self.group.width

    @property
    def first(self) -> Call | None:
        """The first call that sums over its units."""
        return self.calls[0] if self.calls else None

    def spared(self, count: int) -> IntArray:
        """Return the first `count` units to remove, or as many as quorums allow."""
        return self.group.first_to_go(self.order, count)

    def masks(self, structure: Structure, stay: BoolArray) -> dict[Call, list[FloatArray]]:
        """Return the masks of its calls' inputs, if its units are removed without compensation."""
        if self.read is not None:
            return {}
        return {
            call: [
                stay[structure.views[tensor].labels].astype(np.float32)[None]
                for tensor in call.inputs
            ]
            for call in self.calls
        }
