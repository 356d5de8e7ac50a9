"""Recurrent layers, and layers that run another one at every step."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.execution.work.heirs import computed_as, of_keras
from pytest_paoding.engine.execution.work.macs import counts, products_of, works_per_element
from pytest_paoding.engine.execution.work.products import Length, along, axes_of
from pytest_paoding.engine.graph.axes import channel_axis
from pytest_paoding.engine.graph.functional import is_nested, read_graph
from pytest_paoding.engine.graph.rules.registry import known
from pytest_paoding.engine.graph.trace import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_paoding.engine.execution.work.products import Product
    from pytest_paoding.engine.graph.trace import Call


@counts(keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM, keras.layers.RNN)
def recurrent(call: Call) -> Sequence[Product] | None:
    """Every step multiplies the cell's kernels with its input and its state."""
    return _times(along(call.inputs[0])[:1], _cell(call.operation.cell))


@counts(keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D, keras.layers.ConvLSTM3D)
def conv_lstm(call: Call) -> Sequence[Product] | None:
    """Every step multiplies kernels with input and state at every position of the state."""
    layer = call.operation
    after = along(call.outputs[0])
    positions = list(after[1:] if layer.return_sequences else after)
    del positions[channel_axis(layer)]
    return _times(tuple(positions), recurrent(call))


def _times(factors: Product, products: Iterable[Product] | None) -> list[Product] | None:
    return None if products is None else [(*factors, *each) for each in products]


def _cell(cell: Any) -> Sequence[Product] | None:
    """Return the products of one step at one position."""
    kind = computed_as(cell)
    if kind is keras.layers.StackedRNNCells:
        return _total(_cell(each) for each in cell.cells)
    if not of_keras(kind):
        return None
    return [axes_of(cell.kernel), axes_of(cell.recurrent_kernel)]


def _total(parts: Iterable[Sequence[Product] | None]) -> list[Product] | None:
    """Return the products of all parts, None where a part is not known."""
    found = list(parts)
    known = [part for part in found if part is not None]
    return list(chain.from_iterable(known)) if len(known) == len(found) else None


@counts(
    keras.layers.SimpleRNNCell,
    keras.layers.GRUCell,
    keras.layers.LSTMCell,
    keras.layers.StackedRNNCells,
)
def one_step(call: Call) -> Sequence[Product] | None:
    """A cell by itself does one step at every position of its input."""
    return _times(along(call.inputs[0])[:-1], _cell(call.operation))


@counts(keras.layers.SpectralNormalization)
def spectral_normalization(call: Call) -> Sequence[Product] | None:
    """The layer inside runs with the kernel that training has left."""
    return products_of(replace(call, operation=call.operation.layer))


@counts(*known("keras.layers", "Pipeline"))
def pipeline(call: Call) -> Sequence[Product] | None:
    """The layers inside run in turn, on shapes that are not read: none of them may multiply."""
    return () if all(map(works_per_element, call.operation.layers)) else None


@counts(keras.layers.Bidirectional)
def bidirectional(call: Call) -> Sequence[Product] | None:
    """Both directions run over all steps."""
    directions = call.operation.forward_layer, call.operation.backward_layer
    return _total(products_of(replace(call, operation=each)) for each in directions)


@counts(keras.layers.TimeDistributed)
def time_distributed(call: Call) -> Sequence[Product] | None:
    """The layer or model inside runs at every step."""
    inner = call.operation.layer
    steps = along(call.inputs[0])[:1]
    if is_nested(inner):
        return _times(steps, _total(products_of(each) for each in read_graph(inner).calls))
    outer = (*call.inputs[:1], *call.outputs)
    step = [Tensor(each.shape[1:], each.dtype) for each in outer]
    one = replace(call, operation=inner, args=tuple(step[:1]), kwargs={}, outputs=tuple(step[1:]))
    found = products_of(one)
    whole = {id(part): tensor for part, tensor in zip(step, outer, strict=True)}
    return _times(steps, found and [_of_all(product, whole) for product in found])


def _of_all(product: Product, whole: Mapping[int, Any]) -> Product:
    """Return lengths of a step's axes as those of the tensors of all steps."""
    return tuple(
        Length(each.size, whole[id(each.of)], each.axis + 1) if id(each.of) in whole else each
        for each in product
    )
