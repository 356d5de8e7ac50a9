"""Layers that move positions: executed on the labels themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.graph.rules.registry import rule
from pytest_paoding.graph.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.graph.walk import BoolArray, Visit


@rule(keras.layers.Flatten)
def flatten(visit: Visit) -> View | Sequence[View]:
    """Lays all positions in one axis, channels last whatever the data format."""
    view = visit.input
    if view.rank > 1 and visit.layer.data_format == "channels_first":
        view = view.permuted((*range(1, view.rank), 0))
    return _reshaped(visit, view)


@rule(keras.layers.Reshape)
def reshape(visit: Visit) -> View | Sequence[View]:
    """Keeps the order of positions; the target follows what stays along each axis."""
    outcome = _reshaped(visit, visit.input)
    if isinstance(outcome, View) and None not in outcome.shape:
        target = visit.layer.target_shape
        visit.sizes(outcome.full(), "target_shape", value=lambda stay: _lengths(stay, target))
    return outcome


@rule(keras.layers.Permute)
def permute(visit: Visit) -> View:
    """Permutes the axes; `dims` counts them from 1, after the batch."""
    return visit.input.permuted([axis - 1 for axis in visit.layer.dims])


@rule(keras.layers.RepeatVector)
def repeat_vector(visit: Visit) -> View:
    """Repeats a vector along a new first axis."""
    return visit.along(visit.channels(visit.input))


def _reshaped(visit: Visit, view: View) -> View | Sequence[View]:
    if None not in view.shape and None not in visit.shape:
        return view.reshaped(visit.shape)
    if view.varying in ((), (view.rank - 1,)) and view.shape[-1] == visit.shape[-1] is not None:
        return visit.along(visit.channels(view))
    return visit.fixed("moves axes of unknown length")


def _lengths(stay: BoolArray, target: Sequence[int]) -> tuple[int, ...]:
    """Return the lengths that stay along each axis, with -1 where the target left it open."""
    others = [tuple(a for a in range(stay.ndim) if a != axis) for axis in range(stay.ndim)]
    kept: list[Any] = [np.count_nonzero(stay.any(axis=other)) for other in others]
    return tuple(-1 if length == -1 else int(now) for length, now in zip(target, kept, strict=True))
