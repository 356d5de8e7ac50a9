"""Readings: the sums of weights over units, and what kept units take over there.

Nothing is moved into a bias: on inputs that were merely drawn, means say less than directions. A
removed value is predicted from the kept ones by ridge regression through the origin, on the values
of the original model, and its weights are shared out accordingly, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.pruning.reconstruct.elimination import Site
from pytest_paoding.engine.pruning.reconstruct.moments import Moments, regularised
from pytest_paoding.engine.pruning.takeover.observations import observe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_paoding.engine.execution.wave import Wave
    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure, WeightAxis
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray, WeightKey
    from pytest_paoding.engine.pruning.reconstruct.moments import Matrix

_ROWS = 20_000  # samples of one sum
_POSITIONS = 2048  # most positions that are summed over: their covariance is inverted
_RIDGE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The sum of one weight over positions, some of which are units.

    Attributes:
        key: The weight.
        axes: Its axes that are summed over; a position is one place along all of them.
        labelled: Those of them that lie along units.
        second: Second moment of the values at the positions, shape (positions, positions).
    """

    key: WeightKey
    axes: tuple[int, ...]
    labelled: tuple[WeightAxis, ...]
    second: Matrix

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths of the axes that are summed over."""
        layer, index = self.key
        return tuple(layer.weights[index].shape[axis] for axis in self.axes)

    def rows(self, weight: FloatArray) -> FloatArray:
        """Return the weight as a matrix with its positions in front."""
        front = np.moveaxis(weight, self.axes, range(len(self.axes)))
        return front.reshape(len(self.second), -1)

    def stays(self, stay: BoolArray) -> BoolArray:
        """Return a mask of the positions whose units all stay."""
        mask = np.ones(self.lengths, bool)
        for axis in self.labelled:
            shape = [1] * mask.ndim
            place = self.axes.index(axis.axis)
            shape[place] = -1
            mask &= stay[axis.classes].reshape(shape)
        return mask.ravel()

    def positions(self, group: Group) -> IntArray:
        """Return the positions of each unit of a group, shape (units, occurrences)."""
        every = np.arange(len(self.second)).reshape(self.lengths)
        for sites in group.contracted:
            if (sites.axis.layer, sites.axis.index) == self.key:
                place = self.axes.index(sites.axis.axis)
                found = np.moveaxis(every, place, 0)[sites.positions]
                return found.reshape(group.width, -1)
        raise KeyError(group.name)

    def site(self, group: Group, weights: WorkingWeights, matter: FloatArray | float = 1.0) -> Site:
        """Return what the sum reads of a group, with a Gram matrix weighted by the outputs.

        Args:
            group: The group.
            weights: The weights.
            matter: How much each output of the sum matters, shape (outputs,).
        """
        rows = self.rows(weights[self.key]).astype(np.float64)
        gram: Matrix = (rows * matter) @ rows.T
        return Site(regularised(self.second, _RIDGE), gram, self.positions(group))

    def fold(self, weights: WorkingWeights, stay: BoolArray) -> None:
        """Share out the rows of positions that leave among those that stay."""
        mask = self.stays(stay)
        gone, kept = np.flatnonzero(~mask), np.flatnonzero(mask)
        if not len(gone):
            return
        values = weights[self.key].copy()
        front = np.moveaxis(values, self.axes, range(len(self.axes)))
        rows = front.reshape(len(mask), -1).astype(np.float64)
        covariance = regularised(self.second, _RIDGE)
        cross = covariance[np.ix_(kept, gone)]
        rows[kept] += np.linalg.solve(covariance[np.ix_(kept, kept)], cross) @ rows[gone]
        rows[gone] = 0
        front[...] = rows.reshape(front.shape)
        weights.assign(self.key, values)


def find_readings(
    structure: Structure, wave: Wave, generator: np.random.Generator
) -> dict[WeightKey, Reading]:
    """Return the sums over units that can be observed, by their weights.

    Runs the wave of the original model to its end: a pass, and one of every recurrent layer more.
    Sums over more than 2,048 positions are left out.
    """
    labelled: dict[WeightKey, list[WeightAxis]] = {}
    for axis in structure.axes:
        if axis.contracted:
            labelled.setdefault((axis.layer, axis.index), []).append(axis)
    layers = {layer for layer, _ in labelled}
    gathered: dict[WeightKey, tuple[tuple[int, ...], Moments]] = {}
    for call in structure.graph.calls:
        if call.operation in layers:
            _gather(call, wave, labelled, gathered, generator)
        wave.advance()
    return {
        key: Reading(key, axes, tuple(labelled[key]), _second(moments))
        for key, (axes, moments) in gathered.items()
    }


def _gather(
    call: Any,
    wave: Wave,
    labelled: Mapping[WeightKey, Sequence[WeightAxis]],
    gathered: dict[WeightKey, tuple[tuple[int, ...], Moments]],
    generator: np.random.Generator,
) -> None:
    columns = [wave.values[tensor] for tensor in call.inputs]
    share = -(-_ROWS // len(wave.twins))
    for inputs in zip(*columns, strict=True):
        for seen in observe(call, inputs, wave.model):
            key = call.operation, seen.index
            count = seen.samples.shape[1]
            if count > _POSITIONS or not {each.axis for each in labelled.get(key, ())} <= set(
                seen.axes
            ):
                continue
            samples = seen.samples
            if len(samples) > share:
                samples = samples[generator.choice(len(samples), share, replace=False)]
            gathered.setdefault(key, (seen.axes, Moments(count)))[1].add(samples)


def _second(moments: Moments) -> Matrix:
    """Return the moments around zero."""
    second: Matrix = moments.covariance + np.outer(moments.mean, moments.mean)
    return second
