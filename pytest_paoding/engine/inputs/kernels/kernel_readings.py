"""Kernel readings: flat inputs that are pictures, as the kernels of the layers that read them show.

A dense layer takes any values, and no layer tells what they are. But what it learned may (see
`neighbouring_rows`), and inputs drawn as pictures are like those that a net of pictures knows.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.inputs.input_settings import input_names
from pytest_paoding.engine.inputs.kernels.neighbouring_rows import picture_of_rows
from pytest_paoding.engine.inputs.kinds import RANKS, is_a
from pytest_paoding.engine.inputs.layouts import Layout, reading_of
from pytest_paoding.engine.inputs.scales import scale_of
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import IntArray
    from pytest_paoding.engine.inputs.followed_values import FollowedValues
    from pytest_paoding.engine.inputs.layouts import InputReading
    from pytest_paoding.records.protocol import InputKind

_ASSUMED = (0.0, 1.0)


def input_reading(
    graph: Graph,
    tensor: Tensor,
    kind: InputKind | None = None,
    values: FollowedValues | None = None,
) -> InputReading:
    """Return what an input is, read off the first layer that tells, or else off a kernel.

    Args:
        graph: The model's graph, its lengths settled.
        tensor: The input.
        kind: What the user says it is; a kernel is asked then only for the sides of flat pictures.
        values: The values of the model's inputs, followed; None where the user gave their range.
            Where each is standardised by itself the input stays features: a picture that fills
            five deviations to either side would be none that the model knows.

    Cost: some means over the kernels of the dense layers that read all of the input.

    Raises:
        PruningError: No input of the shape is of the kind that the user says.
    """
    reading = reading_of(graph, tensor, kind)
    flat = len(reading.layout.own) == 1
    if reading.call is not None or reading.kind != ("picture" if kind and flat else "features"):
        return _fitting(graph, tensor, reading)
    shown = (
        _shown(call, reading.reached[call.inputs[0]], reading)
        for call in _first_dense(graph)
        if call.inputs[0] in reading.reached
    )
    found = next(filter(None, shown), reading)
    if kind is not None:
        return _fitting(graph, tensor, found)
    scale = None if values is None else scale_of(values, tensor, found, _ASSUMED)
    return reading if scale is not None and scale.typical else found


def _fitting(graph: Graph, tensor: Tensor, reading: InputReading) -> InputReading:
    """Return a reading whose kind its shape may have.

    Raises:
        PruningError: It may not.
    """
    if len(reading.layout.shape) in RANKS[reading.kind]:
        return reading
    name = input_names(graph.model)[graph.inputs.index(tensor)]
    raise PruningError(
        f"input_kind {reading.kind!r} does not fit input {name!r} of the shape "
        f"{reading.layout.own}: see input_kind, which takes a kind for each input by its name too"
    )


def _first_dense(graph: Graph) -> Iterator[Call]:
    """Yield the dense layers before which there is none, as one at every step mixes values."""
    behind: set[Tensor] = set()
    for call in graph.calls:
        if behind.intersection(call.inputs):
            behind.update(call.outputs)
        elif is_a(call.operation, "Dense") and call.inputs:
            behind.update(call.outputs)
            yield call


def _shown(call: Call, places: IntArray, reading: InputReading) -> InputReading | None:
    """Return the input as a picture if the kernel of a dense layer shows one.

    Args:
        call: The call of the layer.
        places: Place in the input of each value that it reads, -1 for those of other inputs.
        reading: What the input is taken for.
    """
    own = reading.layout.own
    mine = places[places >= 0]
    if places.ndim != 1 or not np.array_equal(np.sort(mine), np.arange(prod(own))):
        return None
    kernel = np.asarray(values_of(call.operation.kernel))
    if len(kernel) != len(places):  # something between has made other values
        return None
    shape = picture_of_rows(kernel[places >= 0])
    layout = None if shape is None else Layout.read_at(mine[shape.places()], own)
    if layout is None:
        return None
    called = f"pictures of {shape} (from the kernel of {call.name})"
    return replace(reading, kind="picture", layout=layout, called=called)
