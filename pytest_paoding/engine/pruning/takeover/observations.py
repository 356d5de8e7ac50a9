"""Observations: the values that the weights of a call sum over.

The kernel of a dense layer or convolution sums over channels of its input, and so do the kernels of
recurrent layers and the projections of attention. A recurrent kernel sums over the layer's own
state at every step, and the last projection of attention over what its heads have gathered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.linear import CONVS
from pytest_paoding.engine.execution.sequence_kernels import ATTENTION, RECURRENT
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.axes import channels_first
from pytest_paoding.engine.graph.rules.layers.einsum_dense import parsed
from pytest_paoding.engine.graph.trace import tensors_of
from pytest_paoding.engine.surgery.transform import index_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What one weight of a layer sums over, in one call.

    Attributes:
        index: Index of the weight among the layer's weights.
        axes: The axes of the weight that are summed over.
        samples: Values at the positions of these axes, shape (samples, positions).
    """

    index: int
    axes: tuple[int, ...]
    samples: FloatArray


def observe(call: Call, inputs: Sequence[Any], model: Model) -> Iterator[Observation]:
    """Yield what the weights of a call sum over, where that is known; masked steps do not count.

    Args:
        call: The call.
        inputs: Values of its input tensors.
        model: The model, with the present weights.
    """
    layer, mask = call.operation, getattr(inputs[0], "_keras_mask", None) if inputs else None
    if type(layer) in RECURRENT:
        with model.substituted(layer):
            yield from _recurrent(layer, layer, inputs[0], mask, _initial(call, inputs))
    elif type(layer) is keras.layers.Bidirectional:
        for inner in (layer.forward_layer, layer.backward_layer):
            if type(inner) in RECURRENT:
                with model.substituted(layer):
                    yield from _recurrent(layer, inner, inputs[0], mask, [])
    elif type(layer) is keras.layers.TimeDistributed:
        steps = inputs[0] if mask is None else inputs[0][mask]
        shape = inputs[0].shape[2:]
        yield from _plain(layer, layer.layer, tf.reshape(steps, (-1, *shape)), None)
    elif type(layer) in ATTENTION:
        yield from _attention(call, inputs, model)
    else:
        yield from _plain(layer, layer, inputs[0] if inputs else None, mask)


def _plain(layer: Any, inner: Any, values: Any, mask: Any) -> Iterator[Observation]:
    """Observe the kernel of a dense layer, an ungrouped convolution or an EinsumDense."""
    kernel_axes: tuple[int, ...] = (0,)
    axes: tuple[int, ...] = (-1,)
    if type(inner) in CONVS and inner.groups == 1:
        kernel_axes = (len(inner.kernel.shape) - 2,)
        axes = (1 if channels_first(inner) else -1,)
    elif type(inner) is keras.layers.EinsumDense:
        equation = parsed(inner.equation, len(values.shape) - 1)
        if equation is None or not equation.summed:
            return
        kernel_axes = equation.axes(equation.summed, equation.kernel)
        axes = tuple(1 + axis for axis in equation.axes(equation.summed, equation.inputs))
    elif type(inner) is not keras.layers.Dense:
        return
    yield Observation(index_of(layer, inner.kernel), kernel_axes, _samples(values, axes, mask))


def _recurrent(
    layer: Any, inner: Any, values: Any, mask: Any, states: Sequence[Any]
) -> Iterator[Observation]:
    cell = inner.cell
    yield Observation(index_of(layer, cell.kernel), (0,), _samples(values, (-1,), mask))
    if inner.go_backwards:
        values = tf.reverse(values, [1])
        mask = None if mask is None else tf.reverse(mask, [1])
    before = _states(cell, values, mask, states)
    index = index_of(layer, cell.recurrent_kernel)
    yield Observation(index, (0,), _samples(before, (-1,), mask))


def _states(cell: Any, values: Any, mask: Any, states: Sequence[Any]) -> Any:
    """Return what a cell reads of its own outputs, shape (inputs, steps, units).

    Masked steps leave the states as they are.
    """
    present = list(states) or keras.tree.flatten(cell.get_initial_state(len(values)))
    read = []
    for step in range(values.shape[1]):
        read.append(present[0])
        _, after = cell(values[:, step], present)
        if mask is None:
            present = keras.tree.flatten(after)
        else:
            counts = mask[:, step, None]
            both = zip(keras.tree.flatten(after), present, strict=True)
            present = [tf.where(counts, new, old) for new, old in both]
    return tf.stack(read, axis=1)


def _initial(call: Call, inputs: Sequence[Any]) -> list[Any]:
    """Return the values of the initial states that a recurrent layer is given."""
    given = call.kwargs.get("initial_state") or (call.args[1] if len(call.args) > 1 else None)
    wanted = tensors_of(given)
    return [inputs[call.inputs.index(each)] for each in wanted]


def _attention(call: Call, inputs: Sequence[Any], model: Model) -> Iterator[Observation]:
    """Observe the projections of attention: three of its inputs, and one of what heads gather."""
    layer = call.operation
    output = layer._output_dense  # noqa: SLF001 # no public name before Keras 3.6
    if len(output.kernel.shape) != 3:  # noqa: PLR2004 # heads, values, width
        return
    values = dict(zip(call.inputs, inputs, strict=True))
    query, value, key = _operands(call)
    read = {"_query_dense": query, "_key_dense": key, "_value_dense": value, "_gate_dense": query}
    for name, tensor in read.items():
        inner = getattr(layer, name, None)
        if inner is not None and inner.built:
            given = values[tensor]
            samples = _samples(given, (-1,), getattr(given, "_keras_mask", None))
            yield Observation(index_of(layer, inner.kernel), (0,), samples)
    gathered = _gathered(call, inputs, model)
    mask = getattr(values[query], "_keras_mask", None)
    yield Observation(index_of(layer, output.kernel), (0, 1), _samples(gathered, (-1,), mask))


def _operands(call: Call) -> tuple[Any, Any, Any]:
    """Return the tensors of query, value and key."""
    names = ("query", "value", "key")
    found = {**dict(zip(names, call.args, strict=False)), **call.kwargs}
    key = found.get("key")
    return found["query"], found["value"], found["value"] if key is None else key


def _gathered(call: Call, inputs: Sequence[Any], model: Model) -> Any:
    """Return what the heads of attention have gathered, shape (inputs, ..., heads * values).

    The last projection is replaced by parts of the identity, as many columns at a time as it has.
    """
    layer = call.operation
    dense = layer._output_dense  # noqa: SLF001 # no public name before Keras 3.6
    heads, size, width = dense.kernel.shape
    changed: dict[int, Any] = {}
    if dense.bias is not None:
        changed[index_of(layer, dense.bias)] = tf.zeros(width)
    parts = []
    for start in range(0, heads * size, width):
        unit = np.eye(heads * size, width, -start, np.float32)
        changed[index_of(layer, dense.kernel)] = unit.reshape(heads, size, width)
        with model.substituted(layer, changed):
            parts.append(call.on(inputs)[0])
    return tf.concat(parts, axis=-1)[..., : heads * size]


def _samples(values: Any, axes: tuple[int, ...], mask: Any) -> FloatArray:
    """Return values with some axes moved to the end and the others merged, without masked steps."""
    array = values_of(values)
    places = sorted(axis % array.ndim for axis in axes)
    order = [axis % array.ndim for axis in axes]
    others = [axis for axis in range(array.ndim) if axis not in places]
    columns = int(np.prod([array.shape[axis] for axis in order]))
    moved = array.transpose(*others, *order)
    if mask is not None:
        counts = values_of(mask)
        if moved.shape[: counts.ndim] == counts.shape and counts.ndim <= len(others):
            moved = moved[counts]
    found: FloatArray = moved.reshape(-1, columns).astype(np.float32, copy=False)
    return found
