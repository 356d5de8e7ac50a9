"""The trace of a model: its calls in order, and who makes and who reads each tensor.

A layer may be called more than once, on different tensors, so questions about the flow of values
are questions about calls, not layers: Keras calls them nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import keras

from pytest_paoding.engine.inference_calls import called
from pytest_paoding.errors import RAISED, ExecutionError, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pytest_paoding.engine.graph.types import CallSite, Shape

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor of the graph, known by identity.

    Attributes:
        shape: Its shape without the batch; None where a length is not fixed.
        dtype: Its dtype by name.
    """

    shape: Shape
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of an operation: the same layer called twice makes two calls.

    Attributes:
        operation: The layer or `keras.ops` operation.
        args: Positional arguments with a `Tensor` for each tensor, literals as they are.
        kwargs: Keyword arguments, in the same form.
        outputs: The tensors it returns, flattened.
        scope: Names of the nested models around it, outermost first.
        site: The model whose graph holds the call, and the call's number within that graph: the
            same for every use of a nested model, as its layers are rebuilt only once.
    """

    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[Tensor, ...]
    scope: tuple[str, ...]
    site: CallSite

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors among the arguments, flattened."""
        return tuple(tensors_of((self.args, self.kwargs)))

    @property
    def name(self) -> str:
        """The operation's name, with the names of the nested models around it."""
        return "/".join((*self.scope, self.operation.name))

    def on(self, values: Iterable[Any]) -> list[Any]:
        """Run the operation with `values` in place of `inputs`; return its outputs, flattened.

        Raises:
            ExecutionError: It refuses them.
        """
        given = list(values)
        try:
            return self._run(given)
        except RAISED as error:
            raise self.refused(given, error) from error

    def refused(self, values: Sequence[Any], error: BaseException) -> ExecutionError:
        """Return the error of the operation refusing some values."""
        shapes = ", ".join(str(each.shape) for each in values)
        return ExecutionError(
            f"layer {self.name!r} cannot be run on values of the shape {shapes}: {cause_of(error)}"
        )

    def _run(self, values: Iterable[Any]) -> list[Any]:
        remaining = iter(values)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: next(remaining) if isinstance(leaf, Tensor) else leaf,
            (self.args, self.kwargs),
        )
        outputs: list[Any] = keras.tree.flatten(called(self.operation, args, kwargs))
        return outputs


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of a nested model: the tensors it is called on, flattened."""

    model: Any
    inputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A model as the list of its calls, indexed by tensor and by operation.

    Attributes:
        model: The model that was read.
        inputs: Its input tensors, flattened.
        outputs: Its output tensors, flattened.
        calls: Every call, each after those whose outputs it reads.
        uses: Every use of a nested model, in order.
    """

    model: Any
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    calls: tuple[Call, ...]
    uses: tuple[Use, ...] = ()
    _calls_of: dict[Any, tuple[Call, ...]] = field(init=False, repr=False, default_factory=dict)
    _producers: dict[Tensor, Call] = field(init=False, repr=False, default_factory=dict)
    _readers: dict[Tensor, tuple[Call, ...]] = field(init=False, repr=False, default_factory=dict)
    _dead_after: dict[Call, set[Tensor]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Index the calls, once."""
        for call in self.calls:
            self._calls_of[call.operation] = (*self.calls_of(call.operation), call)
            self._producers.update(dict.fromkeys(call.outputs, call))
            for tensor in dict.fromkeys(call.inputs):
                self._readers[tensor] = (*self.readers(tensor), call)
        for call in self.calls:
            read = {tensor for tensor in call.inputs if self._readers[tensor][-1] is call}
            unread = {tensor for tensor in call.outputs if tensor not in self._readers}
            self._dead_after[call] = (read | unread) - set(self.outputs)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor: the inputs, then the outputs of each call."""
        return (*self.inputs, *self._producers)

    @property
    def output_calls(self) -> tuple[Call, ...]:
        """The calls that make outputs of the model, in order."""
        made = {self._producers[tensor] for tensor in self.outputs if tensor in self._producers}
        return tuple(call for call in self.calls if call in made)

    def calls_of(self, operation: Any) -> tuple[Call, ...]:
        """Return the calls of a layer or operation, in order."""
        return self._calls_of.get(operation, ())

    def producer(self, tensor: Tensor) -> Call | None:
        """Return the call that makes a tensor, None for an input of the model."""
        return self._producers.get(tensor)

    def readers(self, tensor: Tensor) -> tuple[Call, ...]:
        """Return the calls that read a tensor, in order; one that reads it twice stands once."""
        return self._readers.get(tensor, ())

    def ancestors(self, calls: Collection[Call]) -> tuple[Call, ...]:
        """Return the given calls and all whose outputs they depend on, in order."""
        wanted = {tensor for call in calls for tensor in call.outputs}
        found = []
        for call in reversed(self.calls):
            if not wanted.isdisjoint(call.outputs):
                found.append(call)
                wanted.update(call.inputs)
        return tuple(reversed(found))

    def descendants(self, calls: Collection[Call]) -> tuple[Call, ...]:
        """Return the given calls and all that depend on their outputs, in order."""
        reached: set[Tensor] = set()
        found = []
        for call in self.calls:
            if call in calls or not reached.isdisjoint(call.inputs):
                found.append(call)
                reached.update(call.outputs)
        return tuple(found)

    def dead_after(self, call: Call) -> set[Tensor]:
        """Return which inputs and outputs of a call nobody needs once it has run."""
        return self._dead_after[call]

    def run(
        self, values: Sequence[Value], on_call: Callable[[Call, list[Value]], Sequence[Value]]
    ) -> list[Value]:
        """Return the values of the outputs, from those of the inputs, in one pass over the calls.

        Values may be anything: arrays, intervals, differences. Each is let go after the last call
        that reads it.

        Args:
            values: One for each input.
            on_call: Returns the values of a call's outputs, from those of its inputs.
        """
        held = dict(zip(self.inputs, values, strict=True))
        for call in self.calls:
            given = [held[tensor] for tensor in call.inputs]
            held.update(zip(call.outputs, on_call(call, given), strict=True))
            for tensor in self.dead_after(call):
                del held[tensor]
        return [held[tensor] for tensor in self.outputs]


def shape_of(operand: Any) -> Shape:
    """Return the shape, without the batch, of a tensor or of a constant in the place of one."""
    return tuple(operand.shape if isinstance(operand, Tensor) else operand.shape[1:])


def constants_of(structure: Any) -> list[Any]:
    """Return what stands in the place of tensors in a nested structure of operands, in order."""
    leaves = keras.tree.flatten(structure)
    return [leaf for leaf in leaves if leaf is not None and not isinstance(leaf, Tensor)]


def tensors_of(structure: Any) -> list[Tensor]:
    """Return the tensors in a nested structure of arguments, in order."""
    return [leaf for leaf in keras.tree.flatten(structure) if isinstance(leaf, Tensor)]
