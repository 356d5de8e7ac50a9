"""Axes counted as Keras does, the batch first, and as views do, without it."""

from __future__ import annotations

from typing import Any


def inner_axis(axis: int, rank: int) -> int | None:
    """Return an axis counted from 0 without the batch; None for the batch itself.

    Args:
        axis: The axis as Keras counts it: 0 is the batch, negative from the end.
        rank: Number of axes, the batch left out.

    >>> [inner_axis(axis, 3) for axis in (-1, 1, 0, -4)]
    [2, 0, None, None]
    """
    counted = axis + rank + 1 if axis < 0 else axis
    return counted - 1 if counted > 0 else None


def inner_axes(axis: Any, rank: int) -> tuple[int, ...] | None:
    """Return several axes counted from 0 without the batch; None if the batch is among them.

    Args:
        axis: One axis, several, or None for all of them, the batch included.
        rank: Number of axes, the batch left out.
    """
    if axis is None:
        return None
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    found = [inner_axis(int(each), rank) for each in given]
    known = tuple(each for each in found if each is not None)
    return known if len(known) == len(found) else None


def channels_first(layer: Any) -> bool:
    """Whether a layer has its channels on the first axis, the batch left out."""
    return getattr(layer, "data_format", None) == "channels_first"


def channel_axis(layer: Any) -> int:
    """Return the axis of a layer's channels, the batch left out: 0 or -1."""
    return 0 if channels_first(layer) else -1


def bias_is_misplaced(layer: Any, shape: tuple[int | None, ...], units: int) -> bool:
    """Whether Keras adds a bias of `units` values along the last axis instead of the channels.

    On TensorFlow it does so with channels first where the output, of `shape` without the batch, is
    as wide as there are channels.
    """
    return (
        channels_first(layer)
        and getattr(layer, "bias", None) is not None
        and len(shape) > 1
        and shape[-1] == units
    )
