"""The structure: what a walk finds out, classes of positions and every place that counts them.

Classes are numbered as in `Structure.classes`. To remove a class is to delete its positions from
every weight axis, lower every configuration field and rewrite every literal argument that counts
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.labels import Classes
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import CallSite, IntArray, NewValue
    from pytest_paoding.engine.graph.views import View


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WeightAxis:
    """One labelled axis of one weight.

    Attributes:
        layer: The top-level layer that owns the weight.
        index: Index of the weight among `layer.weights`.
        axis: The axis, from 0.
        classes: Class of each position, shape (length of the axis,).
        contracted: Whether the layer sums over the axis (a kernel's inputs), so that zeroing a
            position there removes its contribution.
    """

    layer: Any
    index: int
    axis: int
    classes: IntArray
    contracted: bool

    def __repr__(self) -> str:
        """Return the layer, the weight's name and the axis."""
        return f"{self.layer.name}.{self.layer.weights[self.index].name}[{self.axis}]"


@dataclass(frozen=True, slots=True, eq=False)
class ConfigEdit:
    """A field of a layer's configuration that counts positions.

    Attributes:
        layer: The layer.
        path: Keys of the field in `layer.get_config()`.
        classes: Classes of the positions it depends on.
        value: Returns its new value from a mask of the positions that stay.
    """

    layer: Any
    path: tuple[str | int, ...]
    classes: IntArray
    value: NewValue


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentEdit:
    """A literal argument of a call that counts positions, such as the bounds of a slice.

    Attributes:
        site: The model whose graph holds the call, and the call's number there.
        key: Index of a positional argument, or name of a keyword argument.
        classes: Classes of the positions it depends on.
        value: Returns the new argument from a mask of the positions that stay.
    """

    site: CallSite
    key: int | str
    classes: IntArray
    value: NewValue


@dataclass(frozen=True, slots=True, eq=False)
class Producer:
    """A layer that issues units, in one of its roles.

    Attributes:
        layer: The top-level layer.
        name: Its name, with the names of the models and wrappers around it, and the role behind a
            colon unless it is `units`, as in `attention:heads`.
        classes: Class of each of its units, shape (units,).
        role: `units` for the layer's outputs; attention also has `heads` and `values`.
    """

    layer: Any
    name: str
    classes: IntArray
    role: str = "units"


@dataclass(frozen=True, slots=True, repr=False)
class Structure:
    """The units that may leave a model, and every place where they would be cut.

    Printed, it lists the producers, how many of their units may leave, and why the others may not:

        >>> import keras
        >>> from pytest_paoding.engine.graph.rules import rule_for
        >>> from pytest_paoding.engine.graph.walk import walk
        >>> hidden, out = keras.layers.Dense(4, name="hidden"), keras.layers.Dense(2, name="out")
        >>> model = keras.Sequential([keras.Input((3,)), hidden, out], name="net")
        >>> structure = walk(model, rule_for)
        >>> structure
        <Structure of net: 4 of 6 units may leave>
        >>> print(structure)
        net: 4 of 6 units may leave
          hidden  4 of 4
          out     0 of 2  it is an output of the model

    Attributes:
        graph: The calls that were walked.
        classes: The classes of labels; each goes or stays whole.
        axes: Every labelled axis of every weight.
        edits: Every configuration field that counts positions.
        producers: Every producer, in the order of their first calls.
        views: Classes of the positions of each tensor, broadcastable to its shape.
        arguments: Every literal argument that counts positions.
        mixing: `exact`, or `recompute` where statistics over units may change.
        recomputed: Names of the layers whose statistics change when units leave, so that no oracle
            covers them; empty where `mixing` is `exact`.
        told_apart: Classes that differ from others in numbers that are not weights.
    """

    graph: Graph
    classes: Classes
    axes: tuple[WeightAxis, ...]
    edits: tuple[ConfigEdit, ...]
    producers: tuple[Producer, ...]
    views: dict[Tensor, View]
    arguments: tuple[ArgumentEdit, ...] = ()
    mixing: str = "exact"
    recomputed: tuple[str, ...] = ()
    told_apart: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        """Return the model's name and the number of units that may leave."""
        return f"<Structure of {self._summary()}>"

    def __str__(self) -> str:
        """Return a line for every producer."""
        rows = [(each.name, *self._leave(each)) for each in self.producers]
        width = max((len(name) for name, *_ in rows), default=0)
        lines = [
            f"  {name:<{width}}  {free} of {count}" + (f"  {reason}" if reason else "")
            for name, free, count, reason in rows
        ]
        return "\n".join([self._summary(), *lines])

    def _summary(self) -> str:
        units = [np.unique(each.classes) for each in self.producers]
        every = np.unique(np.concatenate([np.empty(0, np.int64), *units]))
        free = int(np.count_nonzero(self.classes.free[every]))
        return f"{self.graph.model.name}: {free} of {len(every)} units may leave"

    def _leave(self, producer: Producer) -> tuple[int, int, str | None]:
        reasons = [self.classes.reasons[number] for number in producer.classes]
        return reasons.count(None), len(reasons), next(filter(None, reasons), None)
