"""Recurrent layers: units that read their own state, and gates that go with their units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import channels_first
from pytest_paoding.engine.graph.rules.layers.activations import pointwise
from pytest_paoding.engine.graph.rules.registry import rule
from pytest_paoding.engine.graph.trace import tensors_of
from pytest_paoding.engine.graph.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.graph.visit import Visit


@rule(keras.layers.SimpleRNN, keras.layers.GRU, keras.layers.LSTM)
def recurrent(visit: Visit) -> Sequence[View]:
    """Labels a layer around one cell, whose configuration it shares."""
    units = _cell(visit, visit.layer.cell, visit.channels(visit.input))
    return _sequence(visit, units, -1)


@rule(keras.layers.ConvLSTM1D, keras.layers.ConvLSTM2D, keras.layers.ConvLSTM3D)
def conv_lstm(visit: Visit) -> Sequence[View]:
    """Labels a recurrent layer of convolutions: units are filters."""
    cell = visit.layer.cell
    first = channels_first(cell)
    filters = _cell(visit, cell, visit.channels(visit.input, 1 if first else -1))
    return _sequence(visit, filters, -1 - cell.rank if first else -1)


@rule(keras.layers.RNN)
def rnn(visit: Visit) -> Sequence[View]:
    """Applies the rule of the given cell to one step."""
    cell, view = visit.layer.cell, visit.input
    step = View.along(view.shape[1:], visit.channels(view), -1)
    stacked = type(cell) is keras.layers.StackedRNNCells
    if stacked and (visit.layer.return_state or len(visit.inputs) > 1):
        return visit.fixed("shows the states of several cells")
    shape = (visit.shape[-1],)
    (units,) = visit.hand_on(cell, "cell", "config", inputs=[step], shapes=[shape])
    return _sequence(visit, visit.channels(units), -1)


@rule(keras.layers.SimpleRNNCell, keras.layers.GRUCell, keras.layers.LSTMCell)
def cell_step(visit: Visit) -> View:
    """Labels one step of a cell."""
    return visit.along(_cell(visit, visit.layer, visit.channels(visit.input)))


@rule(keras.layers.StackedRNNCells)
def stacked_cells(visit: Visit) -> View:
    """Labels one step of several cells, each reading the output of the one before."""
    view = visit.input
    for number, cell in enumerate(visit.layer.cells):
        path = ("cells", number, "config")
        (view,) = visit.hand_on(cell, *path, inputs=[view], shapes=[(cell.units,)])
    return view


def _cell(visit: Visit, cell: Any, channels: IntArray) -> IntArray:
    """Label a cell's kernel (..., inputs, gates) and recurrent kernel (..., units, gates).

    Each gate is a block of one position for each unit; a GRU's bias may have an axis before them.
    """
    size = "filters" if hasattr(cell, "filters") else "units"
    units = visit.issue(getattr(cell, size))
    gates = np.tile(units, cell.kernel.shape[-1] // len(units))
    visit.contracts(cell.kernel, channels, -2)
    visit.carries(cell.kernel, gates)
    visit.contracts(cell.recurrent_kernel, units, -2)
    visit.carries(cell.recurrent_kernel, gates)
    if cell.bias is not None:
        visit.carries(cell.bias, gates)
    visit.sizes(units, size)
    functions = (cell.activation, getattr(cell, "recurrent_activation", None))
    if not all(pointwise(each) for each in functions):
        visit.pin(units, "has an activation that may mix units")
    return units


def _sequence(visit: Visit, units: IntArray, axis: int) -> Sequence[View]:
    """Return the views of a recurrent layer's outputs, states included.

    Args:
        visit: The visit of the layer.
        units: Its units.
        axis: Their axis in outputs and states, negative from the end.
    """
    if visit.layer.stateful:
        visit.pin(units, "keeps its state between batches")
    states = tensors_of(visit.argument(1, "initial_state"))
    for state in states:
        visit.join(visit.channels(visit.view(state), axis), units)
    for view in visit.inputs[1 + len(states) :]:
        visit.pin(view, "is masked by it")
    return [View.along(shape, units, axis) for shape in visit.shapes]
