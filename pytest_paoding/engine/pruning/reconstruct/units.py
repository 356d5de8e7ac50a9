"""The units of one group in a reconstruction: their readers, and their order of removal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.working import key_of
from pytest_paoding.engine.pruning.reconstruct.elimination import elimination_order
from pytest_paoding.engine.pruning.reconstruct.readers import readers_of
from pytest_paoding.engine.pruning.unit_search import UnitSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.pruning.reconstruct.readers import Columns, Reader
    from pytest_paoding.engine.pruning.reconstruct.survey import Survey
    from pytest_paoding.engine.pruning.takeover.readings import Reading


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """A group in the course of a reconstruction.

    Attributes:
        group: The group.
        read: Its readers, with its columns there; None where other calls read it too.
        readings: The sums over its units, where other calls read it and the sums can be observed.
        calls: Every call that sums over its units, in order.
        order: Its units in the order of their removal, all but the last.
    """

    group: Group
    read: list[tuple[Reader, Columns]] | None
    readings: tuple[Reading, ...]
    calls: tuple[Call, ...]
    order: IntArray

    @classmethod
    def of(cls, group: Group, readers: Sequence[Reader], survey: Survey) -> Units:
        """Order the units of a group by the survey's moments, by magnitude where it has none."""
        read = readers_of(group, readers)
        layers = {sites.axis.layer for sites in group.contracted}
        calls = tuple(call for call in survey.structure.graph.calls if call.operation in layers)
        readings: tuple[Reading, ...] = ()
        if read is None:
            readings = survey.readings_of(group)
        if read:
            sites = [survey.site(group, *each) for each in read]
            order = elimination_order(sites, group.width - 1)
        elif len(readings) == len({key_of(sites) for sites in group.contracted}) > 0:
            sites = [survey.site_of_sum(group, each) for each in readings]
            order = elimination_order(sites, group.width - 1)
        else:
            scale = UnitSearch(group, survey.model.weights).scale()
            order = np.argsort(scale, kind="stable")[: group.width - 1]
        return cls(group, read, readings, calls, order)

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

    @property
    def alone(self) -> bool:
        """Whether nothing takes over for its units."""
        return self.read is None and not self.readings

    def remove(self, weights: WorkingWeights, stay: BoolArray) -> None:
        """Let kept units take over where the sums were observed, and remove the others elsewhere.

        Args:
            weights: The working weights.
            stay: Mask of the classes that stay, shape (classes,).
        """
        if self.read is not None:
            return
        for reading in self.readings:
            reading.fold(weights, stay)
        for sites in self.group.contracted:
            gone = ~stay[sites.axis.classes]
            if gone.any():
                weights.rewrite(key_of(sites), sites.axis.axis, partial(_clear, gone=gone))


def _clear(rows: FloatArray, gone: BoolArray) -> None:
    rows[gone] = 0
