"""The wave: all inputs pass through a model call by call, and weights may change on the way.

Whoever drives a wave sees what every tensor holds the moment it is there, and may change the
weights of a call before the wave goes over it: each call is run once, whatever is changed, so the
cost of a whole pruning stays that of a few passes. What nothing reads any more is let go, chunk by
chunk: a wave takes the memory of the tensors that are live between two calls, and of one chunk.

Inputs travel in chunks. The chunks of the *twin* have affine maps in front of normalisations (see
`twin`); the others run the plain model.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from pytest_paoding.engine.execution.linear import along_units, is_linear, product
from pytest_paoding.engine.execution.loops import is_loop, traced
from pytest_paoding.engine.execution.normalisation import normalised
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.errors import RAISED, ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_paoding.engine.execution.working import WorkingWeights
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray, WeightKey

    Hook = Callable[[Any], Any]

_READ_NOTHING = "choose a strategy that reads no inputs, such as 'magnitude'"


@dataclass(slots=True)
class Model:
    """A model in the course of its pruning.

    Attributes:
        graph: Its calls.
        weights: Working copies of its weights.
        offsets: Stand-ins for the biases of layers that have none, shape (units,).
        hooks: What the twin does to what a call's activation, or a normalisation, reads.
        moved: Tensors in place of weights, by their keys.
    """

    graph: Graph
    weights: WorkingWeights
    offsets: dict[Any, FloatArray] = field(default_factory=dict)
    hooks: dict[Call, Hook] = field(default_factory=dict)
    moved: dict[WeightKey, Any] = field(default_factory=dict)
    _tensors: dict[tuple[Any, int], tuple[int, Any]] = field(default_factory=dict)
    _loops: dict[Call, Hook] = field(default_factory=dict)

    def linear(self, call: Call, inputs: Any) -> Any:
        """Return the outputs of a layer with a kernel, before its activation.

        Raises:
            ExecutionError: The layer refuses the inputs.
        """
        with _as_refused_by(call, [inputs]):
            return self._linear(call, inputs)

    def _linear(self, call: Call, inputs: Any) -> Any:
        layer = call.operation
        kernel = self._tensor(layer, 0)
        outputs = product(layer, tf.cast(inputs, kernel.dtype), kernel)
        if layer.use_bias:
            outputs = outputs + along_units(layer, self._tensor(layer, 1))
        if layer in self.offsets:
            outputs = outputs + along_units(layer, self.offsets[layer])
        return outputs

    def run(
        self, call: Call, inputs: Sequence[Any], *, twin: bool, before: Any = None
    ) -> list[Any]:
        """Return the outputs of one call, flattened; `before` is what `linear` gave, if known."""
        layer = call.operation
        hook = self.hooks.get(call) if twin else None
        if is_linear(layer):
            before = self.linear(call, inputs[0]) if before is None else before
            before = hook(before) if hook else before
            with _as_refused_by(call, inputs):
                return [masked_as(inputs[0], layer.activation(before))]
        inputs = [hook(each) for each in inputs] if hook else inputs
        if is_norm(call):
            return [masked_as(inputs[0], normalised(layer, self.weights, inputs[0]))]
        with self.substituted(layer):
            return (
                self._loop(call)(inputs)
                if is_loop(layer) and tf.executing_eagerly()
                else call.on(inputs)
            )

    def substituted(self, layer: Any, others: Mapping[int, Any] | None = None) -> Any:
        """Return a context in which a layer computes with its working weights.

        Args:
            layer: A layer or operation.
            others: Values in place of further weights, by their index among the layer's.
        """
        variables = dict(enumerate(getattr(layer, "weights", ())))
        changed = {
            index: self._tensor(layer, index)
            for index in variables
            if (layer, index) in self.moved or self.weights.version((layer, index))
        }
        changed |= others or {}
        if not changed:
            return nullcontext()
        return keras.StatelessScope([(variables[index], each) for index, each in changed.items()])

    @contextmanager
    def tried(self, layers: Iterable[Any]) -> Iterator[None]:
        """Let weights of some layers and offsets be changed, and restore them all."""
        kept = {
            (layer, index): self.weights[layer, index]
            for layer in layers
            for index in range(len(layer.weights))
        }
        offsets = dict(self.offsets)
        try:
            yield
        finally:
            for key, values in kept.items():
                if self.weights[key] is not values:
                    self.weights.assign(key, values)
            self.offsets = offsets

    def _loop(self, call: Call) -> Hook:
        if call not in self._loops:
            self._loops[call] = traced(call)
        return self._loops[call]

    def _tensor(self, layer: Any, index: int) -> Any:
        """Return a weight as a tensor; a working copy is converted once for each version of it."""
        if (layer, index) in self.moved:
            return self.moved[layer, index]
        key, version = (layer, index), self.weights.version((layer, index))
        if key not in self._tensors or self._tensors[key][0] != version:
            with tf.init_scope():  # also while a function is traced
                self._tensors[key] = version, tf.convert_to_tensor(self.weights[key])
        return self._tensors[key][1]


class Wave:
    """A pass over a model that can be watched and steered.

    Attributes:
        values: What each live tensor holds, chunk by chunk.
        samples: Number of inputs in each chunk.
    """

    def __init__(
        self, model: Model, inputs: Sequence[Mapping[Tensor, Any]], twins: Sequence[bool] = ()
    ) -> None:
        """Begin with chunks of inputs; `twins` says which of them run the twin, if any do."""
        self.model = model
        self.twins = twins or [False] * len(inputs)
        self.values: dict[Tensor, list[Any]] = {
            tensor: [keras.ops.convert_to_tensor(chunk[tensor]) for chunk in inputs]
            for tensor in model.graph.inputs
        }
        self.samples = [each.shape[0] for each in self.values[model.graph.inputs[0]]]
        self._reached: list[Any] = []
        self._next = 0

    def calls(self) -> Sequence[Call]:
        """Return the calls that are still to come."""
        return self.model.graph.calls[self._next :]

    def advance(self, before: list[Any] | None = None) -> None:
        """Run the next call on all chunks.

        Args:
            before: What `self.before` gave, if it was asked: its chunks are let go too.
        """
        call = self.model.graph.calls[self._next]
        self._reach(call)
        self._next += 1
        outputs = [self._run(call, chunk, before) for chunk in range(len(self.twins))]
        for at, tensor in enumerate(call.outputs):
            self.values[tensor] = [each[at] for each in outputs]
        for tensor in self.model.graph.dead_after(call):
            del self.values[tensor]

    def _run(self, call: Call, chunk: int, before: list[Any] | None) -> list[Any]:
        """Run a call on one chunk, and let go of what nothing else reads of it."""
        inputs = [self.values[tensor][chunk] for tensor in call.inputs]
        given = None if before is None else before[chunk]
        outputs = self.model.run(call, inputs, twin=self.twins[chunk], before=given)
        for tensor in self.model.graph.dead_after(call) & set(call.inputs):
            self.values[tensor][chunk] = None
        if before is not None:
            before[chunk] = None
        return outputs

    def fork(self) -> Wave:
        """Return an independent wave that goes on from here."""
        other = copy(self)
        other.values = {tensor: list(chunks) for tensor, chunks in self.values.items()}
        other._reached = list(self._reached)  # noqa: SLF001 # of this class
        return other

    def finish(self) -> FloatArray:
        """Run to the end; return the outputs before their activation, shape (inputs, values)."""
        outputs: FloatArray = values_of(self.outputs())
        return outputs

    def outputs(self) -> Any:
        """Run to the end; return the outputs before their activation as a tensor."""
        for _ in self.calls():
            self.advance()
        return tf.concat(_of_one_dtype(self._reached), axis=1)

    def _reach(self, call: Call) -> None:
        """Keep what the next call makes of the model's outputs."""
        wanted = set(self.model.graph.outputs)
        for at, each in enumerate(call.outputs):
            if each in wanted:
                chunks = zip(self.final(call, at), self.samples, strict=True)
                rows = [_rows(part, samples, call.name) for part, samples in chunks]
                self._reached.append(tf.concat(rows, axis=0))

    def before(self, call: Call) -> list[Any]:
        """Return the outputs of the next call, of a layer with a kernel, before its activation."""
        return [self.model.linear(call, each) for each in self.values[call.inputs[0]]]

    def final(self, call: Call, at: int = 0) -> list[Any]:
        """Return the model's outputs that the next call makes, before its activation.

        Args:
            call: The call.
            at: Which of the tensors it returns is wanted.
        """
        if is_linear(call.operation):
            return self.before(call)
        if type(call.operation) in (keras.layers.Activation, keras.layers.Softmax):
            return self.values[call.inputs[0]]
        columns = (self.values[each] for each in call.inputs)
        return [
            self.model.run(call, inputs, twin=False)[at] for inputs in zip(*columns, strict=True)
        ]


@contextmanager
def _as_refused_by(call: Call, inputs: Sequence[Any]) -> Iterator[None]:
    """Turn errors in what stands in for a layer into the layer's own, if it has any."""
    try:
        yield
    except RAISED:
        call.on(inputs)
        raise


def masked_as(inputs: Any, outputs: Any) -> Any:
    """Return outputs with the mask that Keras hung on the inputs, if there is one."""
    mask = getattr(inputs, "_keras_mask", None)
    if mask is not None:
        outputs._keras_mask = mask  # noqa: SLF001 # layers inside nested models look for it there
    return outputs


def _of_one_dtype(outputs: Sequence[Any]) -> Sequence[Any]:
    """Return outputs in numbers of one kind: as they are, or real ones where their kinds differ."""
    dtypes = {each.dtype for each in outputs}
    if len(dtypes) == 1:
        return outputs
    common = tf.float64 if tf.float64 in dtypes else tf.float32
    return [tf.cast(each, common) for each in outputs]


def _rows(values: Any, samples: int | None, name: str) -> Any:
    """Return an output of a call as a row for each sample."""
    if values.dtype == tf.string:
        raise ExecutionError(f"layer {name!r} makes an output of strings: {_READ_NOTHING}")
    rows = values.shape[0] if values.shape.rank else 0  # None while a function is traced
    if None not in (rows, samples) and rows != samples:
        raise ExecutionError(
            f"layer {name!r} makes an output of the shape {tuple(values.shape)} from {samples} "
            f"samples, not a row for each: {_READ_NOTHING}"
        )
    return tf.reshape(values, (tf.shape(values)[0] if samples is None else samples, -1))
