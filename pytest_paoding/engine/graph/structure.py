"""What a walk finds out: classes of positions, and every place where they are counted.

All of it is in terms of classes of labels, as numbered by `Structure.classes`. To remove a class is
to delete its positions from every weight axis, lower every configuration field and rewrite every
literal argument that counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.labels import Classes
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import IntArray, NewValue, Site
    from pytest_paoding.engine.graph.views import View


@dataclass(frozen=True, slots=True, eq=False)
class WeightAxis:
    """One labelled axis of one weight.

    Attributes:
        layer: The top-level layer that owns the weight.
        index: Which of `layer.weights` it is.
        axis: The axis, from 0.
        classes: Class of each position, shape (length of the axis,).
        contracted: Whether the layer sums over the axis (a kernel's inputs), so that zeroing a
            position there takes out what the position contributes.
    """

    layer: Any
    index: int
    axis: int
    classes: IntArray
    contracted: bool


@dataclass(frozen=True, slots=True, eq=False)
class ConfigEdit:
    """A field of a layer's configuration that counts positions.

    Attributes:
        layer: The layer.
        path: Keys that lead to the field in `layer.get_config()`.
        classes: Classes of the positions it depends on.
        value: The field's new value, from a mask of the positions that stay.
    """

    layer: Any
    path: tuple[str | int, ...]
    classes: IntArray
    value: NewValue


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentEdit:
    """A literal argument of a call that counts positions, such as the bounds of a slice.

    Attributes:
        site: Where in which model's graph the call is.
        key: Index of a positional argument, or name of a keyword argument.
        classes: Classes of the positions it depends on.
        value: The new argument, from a mask of the positions that stay.
    """

    site: Site
    key: int | str
    classes: IntArray
    value: NewValue


@dataclass(frozen=True, slots=True, eq=False)
class Producer:
    """A layer that issues units, or one of several kinds of units of a layer.

    Attributes:
        layer: The top-level layer.
        name: Its name, with the names of the models and wrappers around it; behind a colon the
            kind of units where it is not the layer's outputs, as in `attention:heads`.
        classes: Class of each of its units, shape (units,).
        role: The kind of units: `units`, or for attention `heads` or `values`.
    """

    layer: Any
    name: str
    classes: IntArray
    role: str = "units"


@dataclass(frozen=True, slots=True)
class Structure:
    """What may leave a model, and where it is to be cut.

    Attributes:
        graph: The calls that were walked.
        classes: The classes of labels; each is a unit that goes or stays whole.
        axes: Every labelled axis of every weight.
        edits: Every configuration field that counts positions.
        producers: What issues units, in the order of their first calls.
        views: For each tensor the classes of its positions, broadcastable to its shape.
        arguments: Every literal argument that counts positions.
        mixing: `exact`, or `recompute` where statistics over units may change.
        recomputed: Names of the layers whose statistics will change with what is removed, so that
            no oracle speaks for them; empty where `mixing` is `exact`.
        told_apart: Classes that numbers other than weights make differ from each other.
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
