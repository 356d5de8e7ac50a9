"""Dissection: reading off a model what pruning could do to it, without pruning it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.execution.work import UnknownWorkError, flops, layer_costs
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.groups import find_groups
from pytest_paoding.engine.graph.rules import rule_for
from pytest_paoding.engine.graph.rules.quantized import REMEDY, quantized_layers
from pytest_paoding.engine.graph.walk import walk
from pytest_paoding.engine.inputs.input_settings import input_names
from pytest_paoding.engine.pruning.constraints import Constraints
from pytest_paoding.engine.surgery.cut import cut
from pytest_paoding.engine.surgery.opening.opened import opened
from pytest_paoding.engine.surgery.transform import Transform
from pytest_paoding.records.readings.anatomy import (
    Anatomy,
    GroupAnatomy,
    LayerAnatomy,
    RatioAnatomy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Structure

RATIOS = (0.25, 0.5, 0.75, 0.9)


def dissect(model: Any, ratios: Sequence[float] = RATIOS) -> Anatomy:
    """Return the anatomy of a model, which is not changed.

    Args:
        model: The model.
        ratios: Shares of the units for which to say what would be left; every group loses its
            share of each, so that the numbers are those of `allocation = "uniform"`.

    Cost: a walk, and for each ratio a cut.

    Raises:
        PruningError: The model has no graph, nor can it be opened into one.
        SurgeryError: A layer cannot be built again.
    """
    model = opened(model).model
    structure = walk(model, rule_for)
    groups = find_groups(structure)
    names = input_names(model)
    return Anatomy(
        model.name,
        tuple(
            (name, tensor.shape, tensor.dtype)
            for name, tensor in zip(names, structure.graph.inputs, strict=True)
        ),
        _measured(0.0, sum(group.width for group in groups), model),
        _layers(structure),
        tuple(_group(group) for group in groups),
        _pinned(structure),
        tuple(_left(structure, groups, ratio) for ratio in ratios if groups),
    )


def _layers(structure: Structure) -> tuple[LayerAnatomy, ...]:
    work = {cost.name: cost.flops for cost in layer_costs(structure.graph)}
    found: dict[Any, LayerAnatomy] = {}
    for call in structure.graph.calls:
        layer, name = call.operation, call.name
        parameters = layer.count_params() if getattr(layer, "weights", None) else 0
        if layer not in found and (parameters or name in work):
            kind, shape = type(layer).__name__, call.outputs[0].shape
            found[layer] = LayerAnatomy(name, kind, shape, parameters, work.get(name, 0))
    return tuple(found.values())


def _group(group: Group) -> GroupAnatomy:
    producers = {producer.layer for producer in group.producers}
    carriers = {sites.axis.layer.name: None for sites in group.carried} | {}
    for layer in producers:
        carriers.pop(layer.name, None)
    readers = {sites.axis.layer.name: sites.positions.shape[1] for sites in group.contracted}
    names = tuple(producer.name for producer in group.producers)
    parts = len(group.quorums)
    return GroupAnatomy(names, group.width, tuple(carriers), tuple(readers.items()), parts)


def _pinned(structure: Structure) -> tuple[tuple[str, int, str], ...]:
    reasons = structure.classes.reasons
    quantized = (
        (name, units, f"it is quantized ({mode}): {REMEDY}")
        for name, (mode, units) in quantized_layers(structure.graph).items()
    )
    producers = (
        (producer.name, len(producer.classes), str(reasons[producer.classes[0]]))
        for producer in structure.producers
        if not structure.classes.free[producer.classes].any()
    )
    return (*quantized, *producers)


def _left(structure: Structure, groups: Sequence[Group], ratio: float) -> RatioAnatomy:
    """Cut the first units of each group: which ones matters only where they are read unequally."""
    constraints = Constraints(ratio=ratio)
    stay = np.ones(structure.classes.count, bool)
    left = 0
    for group in groups:
        gone = group.first_to_go(np.arange(group.width), constraints.quota(group).count)
        stay[group.units[gone]] = False
        left += group.width - len(gone)
    return _measured(ratio, left, cut(structure, Transform(stay)).model)


def _measured(ratio: float, units: int, model: Any) -> RatioAnatomy:
    try:
        work = flops(read_graph(model))
    except UnknownWorkError:
        work = None
    return RatioAnatomy(ratio, units, model.count_params(), work)
