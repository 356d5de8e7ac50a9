"""Functional models, Sequential and nested ones too, read as graphs of calls on tensors.

Keras runs a functional graph with a hook for each call (`keras.models.clone_model` with a
`call_function`). Reading lets it run on a shadow: every operation is replaced by a stand-in that
knows the shape of its outputs and nothing else, so the user's layers gain no node, no weight is
made and nothing is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.trace import Call, Graph, Tensor, Use, tensors_of
from pytest_paoding.errors import RAISED, ExecutionError, PruningError, cause_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import Shape


def read_graph(model: Any, shapes: Sequence[Shape] | None = None) -> Graph:
    """Return the calls of a Sequential or Functional model.

    The model is not changed. Linear in the number of calls.

    Args:
        model: The model.
        shapes: Shapes of its flattened inputs without the batch, in place of those that leave
            lengths open.

    Raises:
        PruningError: The model is subclassed and not opened yet, has not been built or cannot run.
        ExecutionError: A layer does not accept a shape.
    """
    require_graph(model)
    reader = _Reader()
    inputs = tuple(_tensor(each) for each in model.inputs)
    if shapes is not None:
        inputs = tuple(
            Tensor(tuple(shape), each.dtype) for shape, each in zip(shapes, inputs, strict=True)
        )
    outputs = reader.read(model, inputs, ())
    return Graph(model, inputs, tuple(outputs), tuple(reader.calls), tuple(reader.uses))


def is_functional(operation: Any) -> bool:
    """Whether `operation` is a model that carries its own graph of calls, and computes that."""
    is_graph = isinstance(operation, keras.Model) and isinstance(operation, keras.Function)
    return is_graph and not _has_own_call(operation)


def is_nested(operation: Any) -> bool:
    """Whether `operation` is a model whose calls can be read, Sequential or Functional."""
    is_sequence = isinstance(operation, keras.Sequential) and not _has_own_call(operation)
    return is_sequence or is_functional(operation)


def _has_own_call(model: Any) -> bool:
    """Whether the class of a model says itself what is computed, whatever graph there is."""
    return str(type(model).call.__module__).partition(".")[0] != "keras"


def as_functional(model: Any) -> Any:
    """Return an uncompiled Functional model over the graph of a Sequential or Functional one.

    `keras.models.clone_model` compiles what it clones, which costs time and fails for losses that
    have no configuration, and takes no hook for Sequential models: both are avoided by giving it
    this view. It shares the layers; none gains a node.
    """
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    return keras.Model(model.input, model.output, name=model.name)


def require_graph(model: Any) -> None:
    """Refuse a model that has no graph; raises PruningError."""
    name = getattr(model, "name", type(model).__name__)
    if not is_nested(model):
        raise PruningError(
            f"model {name!r} is a {type(model).__name__} without a graph: only prune() and gates "
            f"can make one of what its own code does"
        )
    if not model.built:
        raise PruningError(
            f"model {name!r} has not been built: give it a keras.Input or call it once"
        )
    if not _has_graph(model):
        raise PruningError(
            f"model {name!r} has no graph: one of its layers cannot tell the shape of what it "
            f"gives (compute_output_shape), or it has not been called on one tensor"
        )


def _has_graph(model: Any) -> bool:
    """Whether a model that is built has inputs; a Sequential may refuse to say."""
    try:
        return bool(model.inputs)
    except (AttributeError, ValueError):  # the latter in Keras 3.5
        return False


def _require_settings(call: Call) -> None:
    """Refuse an operation that has a tensor for a setting: Keras makes it, but cannot run it."""
    if isinstance(call.operation, keras.layers.Layer):
        return
    for name, each in vars(call.operation).items():
        found = () if name.startswith("_") else keras.tree.flatten(each)
        if any(isinstance(part, keras.KerasTensor) for part in found):
            raise PruningError(
                f"operation {call.name!r} cannot be run: its {name} is a tensor of the model, "
                f"which Keras reads as a setting: let it be a number"
            )


def _tensor(spec: Any) -> Tensor:
    return Tensor(tuple(spec.shape[1:]), str(spec.dtype))


class _Reader:
    """Collects calls while graphs, nested ones too, are run on their shadows."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.uses: list[Use] = []

    def read(self, model: Any, inputs: Sequence[Tensor], scope: tuple[str, ...]) -> list[Tensor]:
        """Collect the calls of `model` on `inputs`; return its output tensors."""
        functional = as_functional(model)
        given = iter(inputs)
        shadow_inputs = keras.tree.map_structure(
            lambda each: keras.Input(
                batch_shape=(each.shape[0], *next(given).shape), dtype=each.dtype, name=each.name
            ),
            functional.input,
        )
        shadow = _Shadow(self, model, scope)
        for stand_in, tensor in zip(keras.tree.flatten(shadow_inputs), inputs, strict=True):
            shadow.bind(stand_in, tensor)
        clone = keras.models.clone_model(
            functional,
            input_tensors=shadow_inputs,
            clone_function=lambda operation: operation,
            call_function=shadow.call,
        )
        return [shadow.tensors[id(output)] for output in clone.outputs]

    def add(self, call: Call) -> tuple[Tensor, ...]:
        """Record a call, or the calls within it where the operation is a model with a graph."""
        if is_nested(call.operation):
            given = {name: each for name, each in call.kwargs.items() if name != "mask"}
            inputs = tuple(tensors_of((call.args, given)))  # masks come along with the values
            self.uses.append(Use(call.operation, inputs))
            scope = (*call.scope, call.operation.name)
            return tuple(self.read(call.operation, inputs, scope))
        _require_settings(call)
        self.calls.append(call)
        return call.outputs


@dataclass(slots=True)
class _Shadow:
    """One run of a functional graph on stand-ins; `tensors` maps them by id to graph tensors."""

    reader: _Reader
    model: Any
    scope: tuple[str, ...]
    tensors: dict[int, Tensor] = field(default_factory=dict)
    alive: list[Any] = field(default_factory=list)  # an id names a stand-in only while it lives
    operations: dict[Any, Any] = field(default_factory=dict)
    calls: int = 0

    def bind(self, stand_in: Any, tensor: Tensor) -> None:
        self.tensors[id(stand_in)] = tensor
        self.alive.append(stand_in)

    def call(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        """Stand in for one call of `operation`: the `call_function` Keras asks for."""
        if operation not in self.operations:  # Keras wants the names in a graph to be unique
            self.operations[operation] = _stand_in(operation)
        try:
            returned = self.operations[operation].symbolic_call(*args, **kwargs)
        except RAISED as error:
            name = "/".join((*self.scope, operation.name))
            raise ExecutionError(
                f"layer {name!r} cannot be called again on what it was called on, or on a length "
                f"that was assumed: {cause_of(error)}"
            ) from error
        stand_ins = keras.tree.flatten(returned)
        site = (self.model, self.calls)
        self.calls += 1
        outputs = tuple(_tensor(each) for each in stand_ins)
        arguments = self._translated(args), self._translated(kwargs)
        tensors = self.reader.add(Call(operation, *arguments, outputs, self.scope, site))
        for each, tensor in zip(stand_ins, tensors, strict=True):
            self.bind(each, tensor)
        return returned

    def _translated(self, structure: Any) -> Any:
        return keras.tree.map_structure(
            lambda leaf: self.tensors[id(leaf)] if isinstance(leaf, keras.KerasTensor) else leaf,
            structure,
        )


def _stand_in(operation: Any) -> Any:
    """Return an operation that has the output specs of `operation` and nothing else of it."""
    stand_in = keras.Operation(name=operation.name)  # unnamed, it would count up Keras's names

    def output_spec(*args: Any, **kwargs: Any) -> Any:
        """Return the output specs; an input that is passed on is copied, or it would be its own."""
        given = {id(each) for each in keras.tree.flatten((args, kwargs))}
        return keras.tree.map_structure(
            lambda each: keras.KerasTensor(each.shape, each.dtype) if id(each) in given else each,
            operation.compute_output_spec(*args, **kwargs),
        )

    stand_in.compute_output_spec = output_spec
    return stand_in
