"""One visit of a layer: what its rule sees, and what the rule can record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pytest_paoding.engine.graph.views import View, first_along
from pytest_paoding.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.ledger import Ledger
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, IntArray, NewValue, Shape

    Rule: TypeAlias = "Callable[[Visit], View | Sequence[View]]"


@dataclass(frozen=True, slots=True)
class Walk:
    """State shared by all visits of one walk.

    Attributes:
        ledger: Everything the rules have recorded.
        rules: Returns the rule for an operation.
        mixing: `exact`, or `recompute` where statistics over units may change.
    """

    ledger: Ledger
    rules: Callable[[Any], Rule]
    mixing: str = "exact"


@dataclass(frozen=True, slots=True)
class Visit:
    """One call of one layer, as its rule sees it: the inputs' views, and methods that record.

    Attributes:
        layer: The layer or operation.
        name: Its name, with the names of the models and wrappers around it.
        inputs: The views of its input tensors.
        shapes: The shapes of its outputs, without the batch.
        call: The call; for an inner layer, that of the top-level layer that holds it.
        path: Keys from the top-level layer's configuration to this layer's.
        walk: State shared by all visits.
    """

    layer: Any
    name: str
    inputs: tuple[View, ...]
    shapes: tuple[Shape, ...]
    call: Call
    walk: Walk
    path: tuple[str | int, ...] = ()

    @property
    def input(self) -> View:
        """The view of the first input."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first output, without the batch."""
        return self.shapes[0]

    @property
    def title(self) -> str:
        """The layer's class and name, for reasons."""
        return f"{type(self.layer).__name__} {self.name!r}"

    def issue(self, count: int, role: str = "units") -> IntArray:
        """Return the labels of `count` units this layer produces, shape (count,).

        A second visit of the layer gets the labels of the first. Units that are not the layer's
        outputs need a `role` of their own.
        """
        name = self.name if role == "units" else f"{self.name}:{role}"
        owner = self.call.operation
        return self.walk.ledger.issue(self.layer, role, count, name, owner)

    def fresh(self, shape: tuple[int, ...]) -> IntArray:
        """Return labels for positions that no layer produces, such as those of a constant."""
        count = int(np.prod(shape, dtype=np.int64))
        return self.walk.ledger.labels.issue(count).reshape(shape)

    def carries(self, variable: Any, labels: IntArray, axis: int | tuple[int, ...] = -1) -> None:
        """Record that positions of a weight carry `labels` and are not summed over.

        Args:
            variable: The weight, one of the layer's.
            labels: One label for each position of `axis`.
            axis: The weight's axis, or several, in the order of the axes of `labels`.
        """
        self._claim(variable, labels, axis, contracted=False)

    def contracts(self, variable: Any, labels: IntArray, axis: int | tuple[int, ...]) -> None:
        """Record that positions of a weight carry `labels` and are summed over."""
        self._claim(variable, labels, axis, contracted=True)

    def sizes(self, labels: IntArray, *path: str | int, value: NewValue | None = None) -> None:
        """Record that the configuration field at `path` depends on the positions of `labels`.

        Args:
            labels: Labels of any shape.
            path: Keys into `layer.get_config()`.
            value: Returns the new value from a mask of the positions that stay, of the labels'
                shape; by default it counts them.
        """
        ledger, key = self.walk.ledger, (self.call.operation, (*self.path, *path))
        ledger.count(ledger.edits, key, labels, value or _number)

    def rewrites(self, key: int | str, labels: IntArray, value: NewValue) -> None:
        """Record that a literal argument of the call depends on the positions of `labels`.

        Args:
            key: Index of a positional argument or name of a keyword argument.
            labels: Labels of any shape.
            value: Returns the new argument from a mask of the positions that stay, of the labels'
                shape.
        """
        ledger = self.walk.ledger
        ledger.count(ledger.arguments, (self.call.site, key), labels, value)

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Return an argument of the call, given by position or by name."""
        args, kwargs = self.call.args, self.call.kwargs
        return args[position] if position < len(args) else kwargs.get(name, default)

    def key(self, position: int, name: str) -> int | str:
        """Return the key of an argument: its position, or its name if it was given by name."""
        return position if position < len(self.call.args) else name

    def view(self, tensor: Any) -> View:
        """Return the view of a tensor among the arguments of the call."""
        return self.walk.ledger.views[tensor]

    def channels(self, view: View, axis: int | tuple[int, ...] = -1) -> IntArray:
        """Return one label for each position of `axis`, joining all labels at that position.

        Use it for layers that mix all other axes, or weight them alike: a channel goes everywhere
        or nowhere. Several axes give one array with those axes, in order.
        """
        axes = tuple(each % view.rank for each in _as_tuple(axis))
        lengths = tuple(size for each in axes if (size := view.shape[each]) is not None)
        if len(lengths) < len(axes):
            raise RuleError(f"{self.title}: the length of its axis {axis} is unknown")
        last = np.moveaxis(view.labels, axes, range(-len(axes), 0))
        rows = last.reshape(-1, *last.shape[last.ndim - len(axes) :])
        if len(rows) > 1:
            self.join(rows[1:], rows[:1])
        return np.broadcast_to(rows[0], lengths)

    def whole(self, view: View, axes: Sequence[int], reason: str) -> None:
        """Record that positions along `axes`, which the layer mixes, go together or not at all.

        Args:
            view: The view of an input.
            axes: The axes, from 0.
            reason: The reason; completes "the layer ...".
        """
        varying = [axis for axis in view.varying if axis in axes]
        if varying and set(view.varying) <= set(axes):
            self.pin(view, reason)
        elif varying:
            self.join(view.labels, first_along(view.labels, varying))

    def mixes(self, view: View, axes: Sequence[int], reason: str) -> None:
        """Record that the layer computes statistics over positions along `axes`.

        They go together or not at all, unless the walk lets statistics change.
        """
        if self.walk.mixing == "exact":
            self.whole(view, axes, reason)
        elif set(view.varying) & set(axes):
            self.walk.ledger.recomputed[self.name] = None

    def tells_apart(self, labels: IntArray) -> None:
        """Record that positions differ in numbers that are not weights.

        No unit among them can take over for another.
        """
        self.walk.ledger.told_apart.append(labels)

    def join(self, first: IntArray, second: IntArray) -> None:
        """Record that the labels of two arrays, broadcast to one shape, leave together."""
        self.walk.ledger.labels.join(first, second)

    def pin(self, labels: IntArray | View, reason: str) -> None:
        """Record that labels may not leave; `reason` completes "the layer ..."."""
        array = labels.labels if isinstance(labels, View) else labels
        self.walk.ledger.labels.pin(array, f"{self.title} {reason}")

    def fixed(self, reason: str) -> tuple[View, ...]:
        """Pin every input, and return views of outputs that no position may leave."""
        for view in self.inputs:
            self.pin(view, reason)
        reason = f"{self.title} {reason}"
        return tuple(self.walk.ledger.fixed(shape, reason) for shape in self.shapes)

    def along(self, labels: IntArray, axis: int = -1) -> View:
        """Return the view of the first output with `labels` along `axis`."""
        return View.along(self.shape, labels, axis)

    def hand_on(
        self, layer: Any, *path: str | int, inputs: Sequence[View], shapes: Sequence[Shape]
    ) -> tuple[View, ...]:
        """Apply the rule of an inner layer, and return the views of its outputs.

        Args:
            layer: A layer whose weights are among this one's.
            path: Keys from this layer's configuration to that of the inner one.
            inputs: The views of the inner layer's inputs.
            shapes: The shapes of its outputs, without the batch.
        """
        inner = replace(
            self,
            layer=layer,
            name=f"{self.name}/{layer.name}",
            inputs=tuple(inputs),
            shapes=tuple(shapes),
            path=(*self.path, *path),
        )
        return as_views(self.walk.rules(layer)(inner))

    def _claim(
        self, variable: Any, labels: IntArray, axis: int | tuple[int, ...], *, contracted: bool
    ) -> None:
        weights = self.call.operation.weights
        index = next((i for i, weight in enumerate(weights) if weight is variable), None)
        if index is None:
            raise RuleError(f"{self.title}: the labelled variable is not one of its weights")
        axes = tuple(each % len(variable.shape) for each in _as_tuple(axis))
        lengths = tuple(variable.shape[each] for each in axes)
        if labels.shape != lengths:
            raise RuleError(f"{self.title}: labels of shape {labels.shape} for {lengths}")
        key = self.call.operation, index, axes
        self.walk.ledger.claim(key, labels, contracted=contracted)


def as_views(outcome: View | Sequence[View]) -> tuple[View, ...]:
    """Return the outcome of a rule as a tuple of views."""
    return (outcome,) if isinstance(outcome, View) else tuple(outcome)


def _as_tuple(axis: int | tuple[int, ...]) -> tuple[int, ...]:
    return axis if isinstance(axis, tuple) else (axis,)


def _number(stay: BoolArray) -> int:
    return int(np.count_nonzero(stay))
