"""The ledger: everything the rules have recorded, in labels, and the structure made from it.

Records of the same thing are joined: a layer that is visited again has the same weights, so the
labels of an axis from its first visit and those from its second must leave together. Shared layers,
and layers applied to their own output, need no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.graph.labels import Labels
from pytest_paoding.engine.graph.structure import (
    ArgumentEdit,
    ConfigEdit,
    Producer,
    Structure,
    WeightAxis,
)
from pytest_paoding.engine.graph.views import View

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from pytest_paoding.engine.graph.labels import Classes
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import IntArray, NewValue, Shape

    ClaimKey: TypeAlias = "tuple[Any, int, tuple[int, ...]]"


@dataclass(frozen=True, slots=True)
class Claim:
    """Labels of some axes of a weight, taken together: one label for each of their positions."""

    labels: IntArray
    contracted: bool


@dataclass(slots=True)
class Ledger:
    """All records of one model.

    Attributes:
        labels: The labels issued, joined and pinned.
        views: The labels of each tensor.
        claims: The labels of weight axes, by layer, index of the weight, and axes.
        edits: Labels and new value of each configuration field, by layer and path.
        arguments: Labels and new value of each literal argument, by call site and key.
        issued: Labels of the units of each layer, by layer and role.
        producers: Name and top-level layer of each producer, by layer and role, in the order of
            their first calls.
        titles: Class and name of the layer that made each tensor, for reasons.
        recomputed: Names of layers whose statistics change when units leave.
        told_apart: Labels that differ in numbers other than weights.
    """

    labels: Labels = field(default_factory=Labels)
    views: dict[Tensor, View] = field(default_factory=dict)
    claims: dict[ClaimKey, Claim] = field(default_factory=dict)
    edits: dict[Any, tuple[IntArray, NewValue]] = field(default_factory=dict)
    arguments: dict[Any, tuple[IntArray, NewValue]] = field(default_factory=dict)
    issued: dict[tuple[Any, str], IntArray] = field(default_factory=dict)
    producers: dict[tuple[Any, str], tuple[str, Any]] = field(default_factory=dict)
    titles: dict[Tensor, str] = field(default_factory=dict)
    recomputed: dict[str, None] = field(default_factory=dict)
    told_apart: list[IntArray] = field(default_factory=list)

    def fixed(self, shape: Shape, reason: str) -> View:
        """Return the view of a tensor that no position may leave."""
        label = self.labels.issue(1)
        self.labels.pin(label, reason)
        return View(shape, label.reshape((1,) * len(shape)))

    def issue(self, layer: Any, role: str, count: int, name: str, owner: Any) -> IntArray:
        """Return the labels of a layer's units, the same at every visit."""
        key = layer, role
        if key not in self.issued:
            self.issued[key] = self.labels.issue(count)
            self.producers[key] = name, owner
        return self.issued[key]

    def claim(self, key: ClaimKey, labels: IntArray, *, contracted: bool) -> None:
        """Record the labels of a weight's axes, joined with those of an earlier visit."""
        if key in self.claims:
            self.labels.join(self.claims[key].labels, labels)
        else:
            self.claims[key] = Claim(labels, contracted)

    def count(
        self,
        table: dict[Any, tuple[IntArray, NewValue]],
        key: Hashable,
        labels: IntArray,
        value: NewValue,
    ) -> None:
        """Record the labels that a field or literal counts; every visit shares its one value."""
        if key not in table:
            table[key] = labels, value
        elif table[key][0].shape == labels.shape:
            self.labels.join(table[key][0], labels)
        else:
            reason = "one setting counts positions of tensors of different shapes"
            self.labels.pin(table[key][0], reason)
            self.labels.pin(labels, reason)

    def arrays(self) -> Iterator[tuple[IntArray, str]]:
        """Yield every label array, of tensors and of weights, with a title for reasons."""
        for tensor, view in self.views.items():
            yield view.labels, self.titles.get(tensor, "a layer")
        for (layer, _, _), claim in self.claims.items():
            yield claim.labels, f"{type(layer).__name__} {layer.name!r}"

    def structure(self, graph: Graph, mixing: str) -> Structure:
        """Return all records in terms of classes, once the walk is over."""
        classes = self.labels.resolve()
        return Structure(
            graph,
            classes,
            tuple(_weight_axes(self.claims, classes)),
            tuple(
                ConfigEdit(layer, path, classes.of[at], new)
                for (layer, path), (at, new) in self.edits.items()
            ),
            tuple(
                Producer(owner, name, classes.of[self.issued[key]], key[1])
                for key, (name, owner) in self.producers.items()
            ),
            {each: View(view.shape, classes.of[view.labels]) for each, view in self.views.items()},
            tuple(
                ArgumentEdit(site, key, classes.of[at], new)
                for (site, key), (at, new) in self.arguments.items()
            ),
            mixing,
            tuple(self.recomputed),
            frozenset(int(each) for labels in self.told_apart for each in classes.of[labels].flat),
        )


def _weight_axes(claims: dict[ClaimKey, Claim], classes: Classes) -> Iterator[WeightAxis]:
    """Yield the axes of weights that were labelled alone, or along which something may leave.

    At most one of the axes that were labelled together has free classes that vary along it; the
    others keep all their positions.
    """
    for (layer, index, axes), claim in claims.items():
        marks = classes.marked(claim.labels)
        for place, axis in enumerate(axes):
            if len(axes) == 1 or (marks != marks.take([0], place)).any():
                at_first = np.moveaxis(claim.labels, place, -1).reshape(-1, marks.shape[place])[0]
                yield WeightAxis(layer, index, axis, classes.of[at_first], claim.contracted)
