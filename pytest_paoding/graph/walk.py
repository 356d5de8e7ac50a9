"""The walk: one pass over a model's calls in which the rules label tensors and weights.

A rule says what one layer does with labels; `Visit` is what it says it with. The walk gathers what
the rules said, closes it under what reshapes demand, and returns it in terms of classes of labels:
a `Structure`, from which groups are formed, plans are made and models are rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pytest_paoding.graph.labels import Classes, IntArray, Labels
from pytest_paoding.graph.trace import Call, Graph, Tensor, read_graph
from pytest_paoding.graph.views import Shape, View

if TYPE_CHECKING:
    from collections.abc import Sequence

BoolArray: TypeAlias = npt.NDArray[np.bool_]
ConfigValue: TypeAlias = Callable[[BoolArray], Any]
Rule: TypeAlias = "Callable[[Visit], View | Sequence[View]]"


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """A field of a layer's configuration that counts positions.

    Attributes:
        layer: The layer.
        path: Keys that lead to the field in `layer.get_config()`.
        classes: Classes of the positions it depends on.
        value: The field's new value, from a mask of the positions that stay.
    """

    layer: Any
    path: tuple[str, ...]
    classes: IntArray
    value: ConfigValue


@dataclass(frozen=True, slots=True)
class Producer:
    """A layer that issues units.

    Attributes:
        layer: The layer.
        name: Its name, with the names of the nested models around it.
        classes: Class of each of its units, shape (units,).
    """

    layer: Any
    name: str
    classes: IntArray


@dataclass(frozen=True, slots=True)
class Structure:
    """What may leave a model, and where it is to be cut.

    Attributes:
        graph: The calls that were walked.
        classes: The classes of labels; each is a unit that goes or stays whole.
        axes: Every labelled axis of every weight.
        edits: Every configuration field that counts positions.
        producers: The layers that issue units, in the order of their first calls.
        views: For each tensor the classes of its positions, broadcastable to its shape.
    """

    graph: Graph
    classes: Classes
    axes: tuple[WeightAxis, ...]
    edits: tuple[ConfigEdit, ...]
    producers: tuple[Producer, ...]
    views: dict[Tensor, View]


def walk(model: Any, rules: Callable[[Any], Rule]) -> Structure:
    """Read `model` and run the rule of every call.

    Args:
        model: A Sequential or Functional model; it is not changed.
        rules: Returns the rule for an operation.

    Cost: linear in the calls and in the positions of the labels they move.

    Raises:
        PruningError: The model has no graph.
    """
    graph = read_graph(model)
    state = _State()
    for name, tensor in zip(_input_names(model), graph.inputs, strict=True):
        state.views[tensor] = state.fixed(tensor.shape, f"it is the model's input {name!r}")
    for call in graph.calls:
        state.visit(call, rules(call.operation))
    for tensor in graph.outputs:
        state.labels.pin(state.views[tensor].labels, "it is an output of the model")
    return state.structure(graph)


class Visit:
    """One call of one layer, as its rule sees it: the inputs' views, and what may be said of them.

    Attributes:
        call: The call; `layer` is its operation.
        inputs: The views of its input tensors.
    """

    def __init__(self, call: Call, state: _State) -> None:
        self.call = call
        self.layer = call.operation
        self.inputs = tuple(state.views[tensor] for tensor in call.inputs)
        self._state = state

    @property
    def input(self) -> View:
        """The view of the first input."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first output, without the batch."""
        return self.call.outputs[0].shape

    @property
    def title(self) -> str:
        """The layer's class and name, for reasons."""
        return f"{type(self.layer).__name__} {self.call.name!r}"

    def issue(self, count: int, role: str = "units") -> IntArray:
        """Return the labels of `count` units this layer produces, shape (count,).

        A second visit of the layer gets the labels of the first. `role` tells several kinds of
        units of one layer apart; those called `units` are what `ratio` counts.
        """
        return self._state.issue(self, count, role)

    def carries(self, variable: Any, labels: IntArray, axis: int = -1) -> None:
        """Say that positions of a weight's axis belong to `labels` and are not summed over."""
        self._state.weight(self, variable, axis, labels, contracted=False)

    def contracts(self, variable: Any, labels: IntArray, axis: int) -> None:
        """Say that the layer sums over a weight's axis whose positions belong to `labels`."""
        self._state.weight(self, variable, axis, labels, contracted=True)

    def sizes(self, labels: IntArray, *path: str, value: ConfigValue | None = None) -> None:
        """Say that the configuration field at `path` follows the positions of `labels`.

        Args:
            labels: Labels of any shape.
            path: Keys into `layer.get_config()`.
            value: The new value of the field from a mask, of the labels' shape, of what stays; by
                default the number that stays.
        """
        self._state.edits.append((self.layer, path, labels, value or _count))

    def channels(self, view: View, axis: int = -1) -> IntArray:
        """Return one label per position of `axis`, joining what lies at the other axes.

        For layers that mix all other axes, or weight them alike: a channel goes everywhere or
        nowhere. Returns shape (view.shape[axis],).
        """
        size = view.shape[axis]
        if size is None:
            raise ValueError(f"{self.title}: the length of its axis {axis} is unknown")
        flat = np.moveaxis(view.labels, axis, -1)
        flat = flat.reshape(-1, flat.shape[-1])
        if len(flat) > 1:
            self._state.labels.join(flat[1:], flat[:1])
        return np.broadcast_to(flat[0], (size,))

    def join(self, first: IntArray, second: IntArray) -> None:
        """Say that labels of two arrays, broadcast to one shape, leave together."""
        self._state.labels.join(first, second)

    def pin(self, labels: IntArray | View, reason: str) -> None:
        """Say that labels may not leave; `reason` completes "the layer ..."."""
        array = labels.labels if isinstance(labels, View) else labels
        self._state.labels.pin(array, f"{self.title} {reason}")

    def fixed(self, reason: str) -> tuple[View, ...]:
        """Pin every input and return views of the outputs nothing of which may leave."""
        for view in self.inputs:
            self.pin(view, reason)
        reason = f"{self.title} {reason}"
        return tuple(self._state.fixed(tensor.shape, reason) for tensor in self.call.outputs)

    def along(self, labels: IntArray, axis: int = -1) -> View:
        """Return the view of the first output with `labels` along `axis`."""
        return View.along(self.shape, labels, axis)


@dataclass(slots=True)
class _State:
    """What the rules have said so far, in labels."""

    labels: Labels = field(default_factory=Labels)
    views: dict[Tensor, View] = field(default_factory=dict)
    weights: dict[tuple[Any, int, int], tuple[IntArray, bool]] = field(default_factory=dict)
    edits: list[tuple[Any, tuple[str, ...], IntArray, ConfigValue]] = field(default_factory=list)
    issued: dict[tuple[Any, str], IntArray] = field(default_factory=dict)
    producers: dict[Any, tuple[str, IntArray]] = field(default_factory=dict)
    spread: list[View] = field(default_factory=list)

    def fixed(self, shape: Shape, reason: str) -> View:
        label = self.labels.issue(1)
        self.labels.pin(label, reason)
        return View(shape, label.reshape((1,) * len(shape)))

    def visit(self, call: Call, rule: Rule) -> None:
        outcome = rule(Visit(call, self))
        views = (outcome,) if isinstance(outcome, View) else tuple(outcome)
        for tensor, view in zip(call.outputs, views, strict=True):
            self.views[tensor] = view
            if len(view.varying) > 1:
                self.spread.append(view)

    def issue(self, visit: Visit, count: int, role: str) -> IntArray:
        key = visit.layer, role
        if key not in self.issued:
            self.issued[key] = self.labels.issue(count)
            if role == "units":
                self.producers[visit.layer] = visit.call.name, self.issued[key]
        return self.issued[key]

    def weight(
        self, visit: Visit, variable: Any, axis: int, labels: IntArray, *, contracted: bool
    ) -> None:
        weights = visit.layer.weights
        index = next(i for i, weight in enumerate(weights) if weight is variable)
        length = variable.shape[axis]
        if labels.shape != (length,):
            raise ValueError(f"{visit.title}: {labels.shape} labels for {length} positions")
        key = visit.layer, index, axis % len(variable.shape)
        if key in self.weights:
            self.labels.join(self.weights[key][0], labels)
        else:
            self.weights[key] = labels, contracted

    def structure(self, graph: Graph) -> Structure:
        self._keep_rectangular()
        self._keep_axes()
        classes = self.labels.resolve()
        return Structure(
            graph,
            classes,
            tuple(
                WeightAxis(layer, index, axis, classes.of[labels], contracted)
                for (layer, index, axis), (labels, contracted) in self.weights.items()
            ),
            tuple(
                ConfigEdit(layer, path, classes.of[labels], value)
                for layer, path, labels, value in self.edits
            ),
            tuple(
                Producer(layer, name, classes.of[labels])
                for layer, (name, labels) in self.producers.items()
            ),
            {
                tensor: View(view.shape, classes.of[view.labels])
                for tensor, view in self.views.items()
            },
        )

    def _keep_rectangular(self) -> None:
        """Join labels until every tensor shrinks along one axis only.

        A reshape may split one axis into several. What is left of it must still be an array, so
        unless later layers have tied the labels to one of the axes already, those along the last
        one are made to speak for all: a channel goes at all its positions. Views are taken in the
        order of the calls, for what is joined at one settles those after it.
        """
        for view in self.spread:
            classes = self.labels.resolve()
            numbers = np.where(classes.free, np.arange(classes.count), -1)[classes.of[view.labels]]
            if not any(_constant_but(numbers, axis) for axis in view.varying):
                last = np.moveaxis(view.labels, view.varying[-1], -1)
                rows = last.reshape(-1, last.shape[-1])
                self.labels.join(rows[1:], rows[:1])

    def _keep_axes(self) -> None:
        """Pin what is the whole of an axis: no layer may lose its last unit or input."""
        classes = self.labels.resolve()
        for (layer, _, _), (labels, _) in self.weights.items():
            number = classes.of[labels[0]]
            if classes.reasons[number] is None and (classes.of[labels] == number).all():
                reason = f"{type(layer).__name__} {layer.name!r} would have nothing left"
                self.labels.pin(labels[:1], reason)


def _constant_but(numbers: IntArray, axis: int) -> bool:
    """Whether `numbers` vary along `axis` only."""
    rows = np.moveaxis(numbers, axis, -1).reshape(-1, numbers.shape[axis])
    return bool((rows == rows[0]).all())


def _input_names(model: Any) -> list[str]:
    return [tensor.name for tensor in model.inputs]


def _count(stay: BoolArray) -> int:
    return int(np.count_nonzero(stay))
