"""Carrying out a plan: which classes it removes, what delegates take over, and the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.errors import SurgeryError
from pytest_paoding.graph.groups import find_groups
from pytest_paoding.surgery.cut import Cut, WeightKey, cut
from pytest_paoding.surgery.weights import values_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_paoding.graph.groups import Group
    from pytest_paoding.graph.walk import BoolArray, Producer, Structure
    from pytest_paoding.surgery.plan import LayerPlan, Plan


def apply_plan(structure: Structure, plan: Plan) -> Cut:
    """Return the model that a plan leaves of the one `structure` was read from.

    Raises:
        SurgeryError: The plan does not fit the model: a layer is missing, has another number of
            units, or keeps what must leave together with units of another layer.
    """
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
    weights: dict[WeightKey, npt.NDArray[np.float64]] = {}
    groups = {
        producer.layer: group for group in find_groups(structure) for producer in group.producers
    }
    for producer, layer in planned:
        if layer.delegates:
            pairs = producer.classes[np.array(layer.delegates)]
            _merge(groups[producer.layer], pairs, weights)
    return weights


def _merge(
    group: Group, pairs: npt.NDArray[np.int64], weights: dict[WeightKey, npt.NDArray[np.float64]]
) -> None:
    """Add, on every contracted axis, the rows of `pairs[:, 0]` to those of `pairs[:, 1]`."""
    row = {number: index for index, number in enumerate(group.units.tolist())}
    removed, delegate = (np.array([row[each] for each in column]) for column in pairs.T.tolist())
    for sites in group.contracted:
        key = sites.axis.layer, sites.axis.index
        if key not in weights:
            weights[key] = values_of(sites.axis.layer.weights[sites.axis.index]).astype(np.float64)
        rows = np.moveaxis(weights[key], sites.axis.axis, 0)
        np.add.at(rows, sites.positions[delegate], rows[sites.positions[removed]])
