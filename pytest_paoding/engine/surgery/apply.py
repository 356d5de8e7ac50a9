"""Plans: transforms written down, and carried out again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.guard import state_kept, undisturbed
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.fitted import Fitted, changed_weights, expanded_weights
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.engine.surgery.self_checks import verify
from pytest_paoding.engine.surgery.transform import Transform, delegates_of, merges
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.plan import LayerPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.engine.graph.structure import Producer, Structure
    from pytest_paoding.engine.graph.types import BoolArray, IntArray, WeightKey
    from pytest_paoding.engine.surgery.cut import Cut
    from pytest_paoding.records.plans.fitted_weights import FittedWeights


def apply(model: Any, plan: Plan) -> Any:
    """Return `model` pruned by a plan, as a new model; a Functional one for a subclassed one.

    On the model it was made for, a plan gives the same pruned model again, bit for bit. Shapes,
    widths, and finite outputs on two random inputs are checked.

    Raises:
        PruningError: The model has no graph, nor can it be opened into one.
        SurgeryError: The plan does not fit the model, the weights that were fitted beside it are
            missing or damaged, or the new model fails a check.
    """
    with undisturbed():
        original = opened(model).model
    with undisturbed(), state_kept(original):
        structure = walk(original, rule_for, mixing=plan.mixing)
        smaller = cut(structure, transform_of(structure, plan))
        verify(structure, smaller)
    return smaller.model


def transform_of(structure: Structure, plan: Plan) -> Transform:
    """Return the transform of a plan for the model that `structure` was read from.

    Raises:
        SurgeryError: The plan does not fit the model: a layer is missing or there twice, has
            another number of units, or keeps what must leave together with units of another layer.
    """
    _require_once(f"layer {layer.name!r}" for layer in plan.layers)
    names = {producer.name for producer in structure.producers}
    for layer in plan.layers:
        if layer.name not in names:
            raise SurgeryError(f"the model has no layer {layer.name!r}, which the plan prunes")
    planned = [(producer, _planned(plan, producer)) for producer in structure.producers]
    stay = _stay(structure, planned)
    takeover = merges(find_groups(structure), _delegates(structure, planned))
    fitted = {} if plan.fitted is None else _fitted(structure, stay, plan.fitted)
    return Transform(stay, takeover, fitted=fitted)


def _fitted(structure: Structure, stay: BoolArray, fitted: FittedWeights) -> dict[WeightKey, Any]:
    _require_once(f"weight {index} of layer {name!r}" for name, index in fitted.names)
    return expanded_weights(structure, stay, fitted)


def _require_once(parts: Iterable[str]) -> None:
    for part, times in Counter(parts).items():
        if times > 1:
            raise SurgeryError(f"the plan tells of {part} {times} times: make it anew")


def plan_of(structure: Structure, transform: Transform, outcome: Cut) -> Plan:
    """Return the plan of a transform, layer by layer, with the weights that only fitting explains.

    Args:
        structure: The model's structure.
        transform: The transform that was carried out.
        outcome: The model it made, with everything fitted since the cut.

    Memory: a copy of the weights that were fitted.
    """
    delegates = delegates_of(structure, transform)
    layers = tuple(
        _layer_plan(producer, structure, transform, delegates) for producer in structure.producers
    )
    changed = changed_weights(structure, transform, outcome)
    return Plan(layers, structure.mixing, Fitted(changed) if changed else None)


def _layer_plan(
    producer: Producer, structure: Structure, transform: Transform, delegates: IntArray
) -> LayerPlan:
    classes, why = producer.classes.tolist(), transform.why.get(producer.name)
    stays = transform.stay[producer.classes]
    place = {number: index for index, number in enumerate(classes)}
    reasons = (structure.classes.reasons[number] for number in classes)
    pinned = next((reason for reason in reasons if reason is not None), None)
    return LayerPlan(
        producer.name,
        len(classes),
        tuple(np.flatnonzero(stays).tolist()),
        why.criterion if why and not stays.all() else None,
        pinned or (why.reason if why else None),
        tuple(
            (index, place[int(delegates[number])])
            for index, number in enumerate(classes)
            if not stays[index] and delegates[number] >= 0
        ),
    )


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
    """Return a mask of the classes that stay, shape (classes,): those whose units are all kept."""
    stay = np.ones(structure.classes.count, bool)
    for producer, layer in planned:
        stay[np.delete(producer.classes, layer.kept)] = False
    for producer, layer in planned:
        if not stay[producer.classes[list(layer.kept)]].all():
            raise SurgeryError(
                f"the plan keeps units of layer {producer.name!r} that another layer loses with it"
            )
    return stay


def _delegates(structure: Structure, planned: list[tuple[Producer, LayerPlan]]) -> IntArray:
    """Return the delegate of each removed class, -1 for none.

    Every producer of a group may name it, once for each of its units of the class.
    """
    delegates = np.full(structure.classes.count, -1)
    for producer, layer in planned:
        pairs = np.array(layer.delegates, int).reshape(-1, 2)
        for gone, delegate in producer.classes[pairs].tolist():
            if delegates[gone] not in (-1, delegate):
                raise SurgeryError(f"the plan has two delegates for a unit of {producer.name!r}")
            delegates[gone] = delegate
    return delegates
