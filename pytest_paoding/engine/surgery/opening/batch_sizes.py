"""The size of a batch, which code asks of a tensor and hands to `reshape`.

On a symbolic tensor it is None, which no layer of the finished model could work with.
"""

from __future__ import annotations

from math import prod
from typing import Any

from pytest_paoding.engine.graph.rules.registry import known

_RESHAPES = known("keras.src.ops.numpy", "Reshape")


def with_open_batch(operation: Any, args: Any) -> Any:
    """Return an operation; a `reshape` to unknown lengths with those it means, where known.

    One unknown length is written -1. Two of them are the batch and the rest of the values, which is
    computed.
    """
    wanted = getattr(operation, "newshape", ()) if type(operation) in _RESHAPES else ()
    if not isinstance(wanted, (list, tuple)) or None not in wanted:
        return operation
    return type(operation)(reshaped(tuple(args[0].shape), tuple(wanted)))


def reshaped(
    shape: tuple[int | None, ...], wanted: tuple[int | None, ...]
) -> tuple[int | None, ...]:
    """Return the shape to write for `wanted`, whose unknown lengths are None.

    >>> reshaped((None, 3, 4), (None, 12))
    (-1, 12)
    >>> reshaped((None, 3, 4), (None, -1, 2))
    (-1, 6, 2)
    """
    if wanted.count(None) == 1 and -1 not in wanted:
        return tuple(-1 if size is None else size for size in wanted)
    rest, left = shape[1:], [size for size in wanted[1:] if size != -1]
    if wanted[0] is None and wanted.count(-1) == 1 and None not in (*rest, *left):
        size = prod(each for each in rest if each) // prod(each for each in left if each)
        return (-1, *(size if each == -1 else each for each in wanted[1:]))
    return wanted
