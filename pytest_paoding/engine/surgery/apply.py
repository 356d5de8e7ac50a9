"""Carrying out a plan: which classes it removes, what delegates take over, and the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.surgery.cut import Cut, cut
from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Producer, Structure
    from pytest_paoding.engine.graph.types import BoolArray, WeightKey
    from pytest_paoding.records.plan import LayerPlan, Plan


def apply(model: Any, plan: Plan) -> Any:
    """Return a new model with what a plan leaves of `model`, which is not changed.

    Applied to the model it was made for, a plan gives the same pruned model again.

    Raises:
        PruningError: The model has no graph.
        SurgeryError: The plan does not fit the model, or weights were fitted beside it.
    """
    if plan.refitted:
        raise SurgeryError("weights were fitted beside this plan: keep the pruned model instead")
    return apply_plan(walk(model, rule_for, mixing=plan.mixing), plan).model


def apply_plan(structure: Structure, plan: Plan) -> Cut:
    """Return the model that a plan leaves of the one `structure` was read from.

    Raises:
        SurgeryError: The plan does not fit the model: a layer is missing, has another number of
            units, or keeps what must leave together with units of another layer.
    """
    names = {producer.name for producer in structure.producers}
    for layer in plan.layers:
        if layer.name not in names:
            raise SurgeryError(f"the model has no layer {layer.name!r}, which the plan prunes")
    planned = [(producer, _planned(plan, producer)) for producer in structure.producers]
    return cut(structure, _stay(structure, planned), _taken_over(structure, planned))


def _planned(plan: Plan, producer: Producer) -> LayerPlan:
    try:
        layer = plan[producer.name]
    except KeyError:
        raise SurgeryError(f"the plan has no layer {producer.name!r}") from None
    if layer.units != len(producer.classes):
        raise SurgeryError(
            f"layer {producer.name!r} has {len(producer.classes)} units, the plan {layer.units}"
        )
    return layer


def _stay(structure: Structure, planned: list[tuple[Producer, LayerPlan]]) -> BoolArray:
    """Return which classes stay, shape (classes,): those all of whose units are kept."""
    stay = np.ones(structure.classes.count, bool)
    for producer, layer in planned:
        stay[np.delete(producer.classes, layer.kept)] = False
    for producer, layer in planned:
        if not stay[producer.classes[list(layer.kept)]].all():
            raise SurgeryError(
                f"the plan keeps units of layer {producer.name!r} that another layer loses with it"
            )
    return stay


def _taken_over(
    structure: Structure, planned: list[tuple[Producer, LayerPlan]]
) -> dict[WeightKey, npt.NDArray[np.float64]]:
    """Return the consumers' weights with the rows of removed units added to their delegates'."""
    heirs = _heirs(planned)
    weights: dict[WeightKey, npt.NDArray[np.float64]] = {}
    for group in find_groups(structure) if heirs else ():
        _merge(group, heirs, weights)
    return weights


def _heirs(planned: list[tuple[Producer, LayerPlan]]) -> dict[int, int]:
    """Return the delegate of each removed class that has one.

    Every producer of a group may name it, and each as often as it has units of the class.
    """
    heirs: dict[int, int] = {}
    for producer, layer in planned:
        for gone, heir in producer.classes[np.array(layer.delegates, int).reshape(-1, 2)].tolist():
            if heirs.setdefault(gone, heir) != heir:
                raise SurgeryError(f"the plan has two delegates for a unit of {producer.name!r}")
    return heirs


def _merge(
    group: Group, heirs: dict[int, int], weights: dict[WeightKey, npt.NDArray[np.float64]]
) -> None:
    """Add, on every contracted axis, the rows of removed units to those of their delegates."""
    row = {number: index for index, number in enumerate(group.units.tolist())}
    removed = [number for number in row if number in heirs]
    if not all(heirs[number] in row for number in removed) or (removed and not group.mergeable):
        raise SurgeryError(f"a unit of {group.name!r} cannot take over for one the plan removes")
    gone = [row[number] for number in removed]
    delegates = [row[heirs[number]] for number in removed]
    for sites in group.contracted if removed else ():
        key = sites.axis.layer, sites.axis.index
        if key not in weights:
            weights[key] = values_of(sites.axis.layer.weights[sites.axis.index]).astype(np.float64)
        rows = np.moveaxis(weights[key], sites.axis.axis, 0)
        np.add.at(rows, sites.positions[delegates], rows[sites.positions[gone]])
