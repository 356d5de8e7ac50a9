"""Fitting arrays to the shape of a tensor, as leniently as Keras does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def fitted(array: Any, shape: Sequence[int | None]) -> Any | None:
    """Return samples in the shape of a tensor, None if they do not fit it.

    A last axis of length one may be missing or over.

    Args:
        array: The samples, shape (samples, ...).
        shape: The tensor's, without the batch; None where a length is not fixed.
    """
    if array.ndim == len(shape) and tuple(shape[-1:]) == (1,):
        array = array[..., np.newaxis]
    elif array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == len(shape) + 1 and all(
        length in (None, size) for length, size in zip(shape, array.shape[1:], strict=True)
    )
    return array if fits else None
