"""The transform: what a strategy answers, and all that surgery carries out.

A strategy says which units stay, what the weights that read them take over from those that go, and
which weights it has fitted freely. The same transform is tried on working copies of the weights
during a search and carried out on the model at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.norms import norm_behind
from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_paoding.engine.graph.groups import Group, Sites
    from pytest_paoding.engine.graph.structure import Structure, WeightAxis
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray, WeightKey

    AxisKey: TypeAlias = "tuple[Any, int, int]"
    """A layer, the index of one of its weights, and an axis of that."""


@dataclass(frozen=True, slots=True, eq=False)
class TakeOver:
    """What units that stay take over, on one axis that a layer sums over, from units that go.

    Attributes:
        gone: Positions of the units that go, shape (removed, occurrences); the t-th occurrence of
            one unit corresponds to the t-th of any other.
        heirs: Positions of the units that take over, shape (heirs, occurrences).
        share: How much of each removed unit each heir takes over, shape (removed, heirs). None
            where `heirs[i]` takes over all of `gone[i]`, or nobody does if it is -1.

    Example: unit 2 leaves, and unit 0 computes as much again.

        >>> kernel = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> TakeOver(np.array([[2]]), np.array([[0]])).carry_out(kernel)
        >>> kernel
        array([[6., 8.],
               [3., 4.],
               [0., 0.]])
    """

    gone: IntArray
    heirs: IntArray
    share: FloatArray | None = None

    @classmethod
    def merging(cls, sites: Sites, removed: IntArray, heirs: IntArray) -> TakeOver:
        """Return what merging rows of a group comes to on one axis.

        Args:
            sites: Where the units of the group lie.
            removed: Rows that go, shape (k,).
            heirs: For each the row that takes over, or -1 for none, shape (k,).
        """
        positions = np.where(heirs[:, None] < 0, -1, sites.positions[heirs])
        return cls(sites.positions[removed], positions)

    def carry_out(self, rows: FloatArray) -> None:
        """Rewrite the rows of a weight, its labelled axis in front; removed ones become zero.

        A dense share is multiplied in float64, whatever the weight's precision.
        """
        removed = rows[self.gone]
        if self.share is None:
            taken = self.heirs[:, 0] >= 0
            np.add.at(rows, self.heirs[taken], removed[taken])
        elif len(self.heirs):
            added = np.tensordot(self.share.T, removed.astype(np.float64), axes=1)
            rows[self.heirs] = rows[self.heirs] + added
        rows[self.gone] = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why units of a layer went, and why not more of them.

    Attributes:
        criterion: How they were chosen.
        reason: What kept more of them from leaving; None for nothing.
    """

    criterion: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Transform:
    """What becomes of a model's units and weights.

    Attributes:
        stay: Which classes stay, shape (classes,).
        takeover: What kept positions take over, for each weight axis on which any do.
        bias: For layers whose kept inputs stand in for removed ones only up to a constant, that
            constant for each of its outputs, shape (units,).
        fitted: Weights that were fitted freely, of uncut shapes, in place of all of the above.
        why: Why each layer lost what it did, by the producer's name.
        notes: What else a user should know of how it was found, a line each.
    """

    stay: BoolArray
    takeover: Mapping[AxisKey, TakeOver] = field(default_factory=dict)
    bias: Mapping[Any, FloatArray] = field(default_factory=dict)
    fitted: Mapping[WeightKey, Any] = field(default_factory=dict)
    why: Mapping[str, Why] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return how many units leave, and what is rewritten for them."""
        gone = int(np.count_nonzero(~self.stay))
        parts = [f"{gone} of {len(self.stay)} classes leave"]
        parts += [f"{len(self.takeover)} axes take over"] if self.takeover else []
        parts += [f"{len(self.bias)} biases shift"] if self.bias else []
        parts += [f"{len(self.fitted)} weights fitted"] if self.fitted else []
        return f"<Transform: {', '.join(parts)}>"

    def without_fits(self) -> Transform:
        """Return the transform without weights that were fitted freely."""
        return replace(self, fitted={})

    def carry_out(self, weights: WorkingWeights) -> None:
        """Let kept units take over in working copies; biases and fitted weights are not touched."""
        for (layer, index, axis), takeover in self.takeover.items():
            weights.rewrite((layer, index), axis, takeover.carry_out)


def merges(groups: Iterable[Group], heirs: IntArray) -> dict[AxisKey, TakeOver]:
    """Return the take-overs of units that are merged into others of their group.

    Args:
        groups: The groups.
        heirs: For each class the one that takes over for it, -1 for none, shape (classes,).

    Raises:
        SurgeryError: A unit cannot take over for another, which is of another group, or read in
            other ways.
    """
    found: dict[AxisKey, TakeOver] = {}
    for group in groups:
        removed = np.flatnonzero(heirs[group.units] >= 0)
        if not len(removed):
            continue
        row = {number: index for index, number in enumerate(group.units.tolist())}
        rows = [row.get(number, -1) for number in heirs[group.units[removed]].tolist()]
        if min(rows) < 0 or not group.mergeable:
            raise SurgeryError(
                f"a unit of {group.name!r} cannot take over for one the plan removes"
            )
        for sites in group.contracted:
            axis = sites.axis
            found[axis.layer, axis.index, axis.axis] = TakeOver.merging(
                sites, removed, np.array(rows)
            )
    return found


def heirs_of(structure: Structure, transform: Transform) -> IntArray:
    """Return for each class the one that takes over all of it, -1 for none, shape (classes,)."""
    heirs = np.full(structure.classes.count, -1)
    axes = {(axis.layer, axis.index, axis.axis): axis for axis in structure.axes}
    for key, takeover in transform.takeover.items():
        if takeover.share is None:
            classes = axes[key].classes
            taken = takeover.heirs[:, 0] >= 0
            heirs[classes[takeover.gone[taken, 0]]] = classes[takeover.heirs[taken, 0]]
    return heirs


def shifted_weights(structure: Structure, transform: Transform) -> dict[WeightKey, FloatArray]:
    """Return what is added to which weight for each constant that a layer's outputs gain.

    It goes into the layer's bias; without one, into the mean that a normalisation behind the layer
    takes off.

    Raises:
        SurgeryError: There is neither.
    """
    found: dict[WeightKey, FloatArray] = {}
    for layer, constant in transform.bias.items():
        if layer.use_bias:
            found[layer, _index(layer, layer.bias)] = constant
        elif (norm := norm_behind(structure.graph, layer)) is not None:
            found[norm, _index(norm, norm.moving_mean)] = -constant
        else:
            raise SurgeryError(f"layer {layer.name!r} has no bias to take up a constant")
    return found


def _index(layer: Any, variable: Any) -> int:
    return next(index for index, each in enumerate(layer.weights) if each is variable)


def rewritten_weights(structure: Structure, transform: Transform) -> dict[WeightKey, Any]:
    """Return the weights that a transform rewrites, of uncut shapes, take-overs in float64.

    Raises:
        SurgeryError: A constant has nowhere to go.
    """
    weights = WorkingWeights(np.float64)
    transform.carry_out(weights)
    for key, constant in shifted_weights(structure, transform).items():
        weights.assign(key, weights[key] + constant)
    return {**weights.changed(), **transform.fitted}


def sliced(array: Any, axes: Iterable[WeightAxis], stay: BoolArray) -> Any:
    """Return `array` without the positions, along `axes`, of classes that leave."""
    for axis in axes:
        mask = stay[axis.classes]
        if not mask.all():
            array = np.compress(mask, array, axis.axis)
    return array


def axes_by_weight(structure: Structure) -> dict[WeightKey, list[WeightAxis]]:
    """Return the labelled axes of each weight."""
    axes: dict[WeightKey, list[WeightAxis]] = {}
    for axis in structure.axes:
        axes.setdefault((axis.layer, axis.index), []).append(axis)
    return axes
