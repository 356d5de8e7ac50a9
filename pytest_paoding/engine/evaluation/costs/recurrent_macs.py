"""Recurrent layers, and layers that run another one at every step."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.evaluation.costs.macs import (
    channels,
    counts,
    multiply_adds,
    shapes,
    size,
)
from pytest_paoding.engine.graph.functional import is_nested, read_graph
from pytest_paoding.engine.graph.trace import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_paoding.engine.graph.trace import Call


@counts(keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM, keras.layers.RNN)
def recurrent(call: Call) -> int | None:
    """Every step multiplies the cell's kernels with its input and its state."""
    steps, products = size(shapes(call)[0][:1]), _cell(call.operation.cell)
    return None if products is None else steps * products


@counts(keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D, keras.layers.ConvLSTM3D)
def conv_lstm(call: Call) -> int | None:
    """Every step multiplies kernels with input and state at every position of the state."""
    layer = call.operation
    after = call.outputs[0].shape[1:] if layer.return_sequences else call.outputs[0].shape
    positions = size(after) // channels(layer, after)
    products = recurrent(call)
    return None if products is None else positions * products


def _cell(cell: Any) -> int | None:
    """Return the products of one step at one position."""
    if isinstance(cell, keras.layers.StackedRNNCells):
        return _total(_cell(each) for each in cell.cells)
    if not type(cell).__module__.startswith("keras."):
        return None
    return int(prod(cell.kernel.shape) + prod(cell.recurrent_kernel.shape))


def _total(parts: Iterable[int | None]) -> int | None:
    """Return the sum, None where a part is not known."""
    found = list(parts)
    known = [part for part in found if part is not None]
    return sum(known) if len(known) == len(found) else None


@counts(keras.layers.Bidirectional)
def bidirectional(call: Call) -> int | None:
    """Both directions run over all steps."""
    directions = call.operation.forward_layer, call.operation.backward_layer
    return _total(multiply_adds(replace(call, operation=each)) for each in directions)


@counts(keras.layers.TimeDistributed)
def time_distributed(call: Call) -> int | None:
    """The layer or model inside runs at every step."""
    inner = call.operation.layer
    steps = size(shapes(call)[0][:1])
    if is_nested(inner):
        products = _total(multiply_adds(each) for each in read_graph(inner).calls)
    else:
        before, after = (
            tuple(Tensor(each.shape[1:], each.dtype) for each in tensors)
            for tensors in (call.inputs[:1], call.outputs)
        )
        products = multiply_adds(
            replace(call, operation=inner, args=before, kwargs={}, outputs=after)
        )
    return None if products is None else steps * products
