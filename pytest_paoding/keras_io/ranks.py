"""The rank of an array that is given for a tensor, as lenient as Keras is about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def of_rank(array: Any, shape: Sequence[int | None]) -> Any:
    """Return samples with the rank of a tensor: a last axis of length one may be missing or over.

    Args:
        array: The samples, shape (samples, ...).
        shape: The tensor's, without the batch. Lengths are not compared with it.
    """
    if array.ndim == len(shape) and tuple(shape[-1:]) == (1,):
        return array[..., np.newaxis]
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        return array[..., 0]
    return array
