"""What a strategy has chosen, and the plan that says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.records.plan import LayerPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.structure import Producer, Structure
    from pytest_paoding.engine.graph.types import BoolArray, IntArray, WeightKey


@dataclass(slots=True, eq=False)
class Selection:
    """Units to remove, and what is said of each group.

    Attributes:
        structure: The structure of the model.
        stay: Which classes stay, shape (classes,).
        heirs: For each class the one that takes over its outgoing weights, -1 for none.
        criteria: By what the units of a group were chosen, by the names of its producers.
        reasons: Why no more of a group went, or less well, likewise.
        weights: Weights that were fitted anew, of uncut shapes.
        remark: What else is to be said of how it was made.
        finish: What is to be done to the model once it is cut; returns what there is to say of it.
    """

    structure: Structure
    stay: BoolArray
    heirs: IntArray
    criteria: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    weights: dict[WeightKey, Any] = field(default_factory=dict)
    remark: str | None = None
    finish: Callable[[Any], str | None] | None = None

    @classmethod
    def of_all(cls, structure: Structure) -> Selection:
        """Return the selection of everything."""
        count = structure.classes.count
        return cls(structure, np.ones(count, bool), np.full(count, -1))

    def note(self, group: Group, criterion: str, reason: str | None = None) -> None:
        """Say by what the units of a group were chosen, and why no more of them."""
        for producer in group.producers:
            self.criteria[producer.name] = criterion
            if reason is not None:
                self.reasons[producer.name] = reason

    def plan(self) -> Plan:
        """Return the plan, layer by layer."""
        layers = tuple(self._layer(producer) for producer in self.structure.producers)
        return Plan(layers, self.structure.mixing, refitted=bool(self.weights))

    def _layer(self, producer: Producer) -> LayerPlan:
        mask = self.stay[producer.classes]
        return LayerPlan(
            producer.name,
            len(mask),
            tuple(np.flatnonzero(mask).tolist()),
            None if mask.all() else self.criteria.get(producer.name),
            self._reason(producer),
            self._delegates(producer, mask),
        )

    def _reason(self, producer: Producer) -> str | None:
        reasons = (self.structure.classes.reasons[number] for number in producer.classes)
        pinned = next((reason for reason in reasons if reason is not None), None)
        return pinned or self.reasons.get(producer.name)

    def _delegates(self, producer: Producer, mask: BoolArray) -> tuple[tuple[int, int], ...]:
        classes = producer.classes.tolist()
        position = {number: index for index, number in enumerate(classes)}
        return tuple(
            (index, position[int(self.heirs[number])])
            for index, number in enumerate(classes)
            if not mask[index] and self.heirs[number] >= 0
        )
