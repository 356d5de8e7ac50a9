"""The transform: the answer of a strategy, and all that surgery carries out.

It holds the units that stay, what they take over from the units that go, and the weights that were
fitted freely. The same transform is tried on working copies of the weights during a search and
carried out on the model at its end.
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
    """A layer, the index of one of its weights, and an axis of that weight."""


@dataclass(frozen=True, slots=True, eq=False)
class TakeOver:
    """The take-over of removed units by kept ones, on one axis that a layer sums over.

    Attributes:
        gone: Positions of the units that go, shape (removed, occurrences); the t-th occurrence of
            one unit corresponds to the t-th of any other.
        kept: Positions of the units that take over, shape (kept, occurrences).
        share: Share of each removed unit that each kept one takes over, shape (removed, kept). None
            where `kept[i]` takes over all of `gone[i]`, or none does if it is -1.

    Example: unit 2 leaves, and unit 0 takes over its weights.

        >>> kernel = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> TakeOver(np.array([[2]]), np.array([[0]])).carry_out(kernel)
        >>> kernel
        array([[6., 8.],
               [3., 4.],
               [0., 0.]])
    """

    gone: IntArray
    kept: IntArray
    share: FloatArray | None = None

    @classmethod
    def merging(cls, sites: Sites, removed: IntArray, delegates: IntArray) -> TakeOver:
        """Return the take-over that merges rows of a group on one axis.

        Args:
            sites: Positions of the group's units on the axis.
            removed: Rows that go, shape (k,).
            delegates: Row that takes over for each, -1 for none, shape (k,).
        """
        positions = np.where(delegates[:, None] < 0, -1, sites.positions[delegates])
        return cls(sites.positions[removed], positions)

    def carry_out(self, rows: FloatArray) -> None:
        """Rewrite the rows of a weight whose labelled axis is in front; removed rows become zero.

        A dense share is multiplied in float64, whatever the weight's precision.
        """
        removed = rows[self.gone]
        if self.share is None:
            taken = self.kept[:, 0] >= 0
            np.add.at(rows, self.kept[taken], removed[taken])
        elif len(self.kept):
            added = np.tensordot(self.share.T, removed.astype(np.float64), axes=1)
            rows[self.kept] = rows[self.kept] + added
        rows[self.gone] = 0


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons why units of a layer went, and why no more did.

    Attributes:
        criterion: The criterion by which they were chosen.
        reason: Obstacle to removing more of them; None without one.
    """

    criterion: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Transform:
    """The changes to a model's units and weights.

    Attributes:
        stay: Mask of the classes that stay, shape (classes,).
        takeover: Take-over of each weight axis on which kept units take over for removed ones.
        bias: Constant for each output of a layer whose kept inputs stand in for removed ones only
            up to that constant, shape (units,).
        fitted: Weights that were fitted freely, of uncut shapes; they override the rest.
        why: Reasons for the choice of units, by the producer's name.
        notes: Further lines for the user on how it was found.
    """

    stay: BoolArray
    takeover: Mapping[AxisKey, TakeOver] = field(default_factory=dict)
    bias: Mapping[Any, FloatArray] = field(default_factory=dict)
    fitted: Mapping[WeightKey, Any] = field(default_factory=dict)
    why: Mapping[str, Why] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the numbers of classes that leave, and of axes, biases and weights rewritten."""
        gone = int(np.count_nonzero(~self.stay))
        parts = [f"{gone} of {len(self.stay)} classes leave"]
        parts += [f"{len(self.takeover)} axes take over"] if self.takeover else []
        parts += [f"{len(self.bias)} biases shift"] if self.bias else []
        parts += [f"{len(self.fitted)} weights fitted"] if self.fitted else []
        return f"<Transform: {', '.join(parts)}>"

    def without_fits(self) -> Transform:
        """Return the transform without the weights that were fitted freely."""
        return replace(self, fitted={})

    def carry_out(self, weights: WorkingWeights) -> None:
        """Carry out the take-overs on working copies; leave biases and fitted weights alone."""
        for (layer, index, axis), takeover in self.takeover.items():
            weights.rewrite((layer, index), axis, takeover.carry_out)


def merges(groups: Iterable[Group], delegates: IntArray) -> dict[AxisKey, TakeOver]:
    """Return the take-overs of units that are merged into others of their group.

    Args:
        groups: The groups.
        delegates: Class that takes over for each class, -1 for none, shape (classes,).

    Raises:
        SurgeryError: A unit and its delegate are of different groups, or of one that is not
            mergeable.
    """
    found: dict[AxisKey, TakeOver] = {}
    for group in groups:
        removed = np.flatnonzero(delegates[group.units] >= 0)
        if not len(removed):
            continue
        row = {number: index for index, number in enumerate(group.units.tolist())}
        rows = [row.get(number, -1) for number in delegates[group.units[removed]].tolist()]
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


def delegates_of(structure: Structure, transform: Transform) -> IntArray:
    """Return the class that takes over all of each class, -1 for none, shape (classes,)."""
    delegates = np.full(structure.classes.count, -1)
    axes = {(axis.layer, axis.index, axis.axis): axis for axis in structure.axes}
    for key, takeover in transform.takeover.items():
        if takeover.share is None:
            classes = axes[key].classes
            taken = takeover.kept[:, 0] >= 0
            delegates[classes[takeover.gone[taken, 0]]] = classes[takeover.kept[taken, 0]]
    return delegates


def shifted_weights(structure: Structure, transform: Transform) -> dict[WeightKey, FloatArray]:
    """Return the addition to a weight for each constant that a layer's outputs gain.

    The constant goes into the layer's bias or, without one, into the mean that a normalisation
    right behind the layer subtracts.

    Raises:
        SurgeryError: The layer has neither.
    """
    found: dict[WeightKey, FloatArray] = {}
    for layer, constant in transform.bias.items():
        if layer.use_bias:
            found[layer, index_of(layer, layer.bias)] = constant
        elif (norm := norm_behind(structure.graph, layer)) is not None:
            found[norm, index_of(norm, norm.moving_mean)] = -constant
        else:
            raise SurgeryError(f"layer {layer.name!r} has no bias to take up a constant")
    return found


def index_of(layer: Any, variable: Any) -> int:
    """Return the index of a variable among the weights of its layer."""
    return next(index for index, each in enumerate(layer.weights) if each is variable)


def rewritten_weights(structure: Structure, transform: Transform) -> dict[WeightKey, Any]:
    """Return the weights that a transform rewrites, of uncut shapes, take-overs in float64.

    Raises:
        SurgeryError: No bias or normalisation can take a constant.
    """
    weights = WorkingWeights(np.float64)
    transform.carry_out(weights)
    for key, constant in shifted_weights(structure, transform).items():
        weights.assign(key, weights[key] + constant)
    return {**weights.changed(), **transform.fitted}


def sliced(array: Any, axes: Iterable[WeightAxis], stay: BoolArray) -> Any:
    """Return `array` without the positions along `axes` of classes that leave."""
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
