"""Arrays, shapes and keys that the whole engine shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

BoolArray: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.floating]

Shape: TypeAlias = "tuple[int | None, ...]"
"""Lengths of a tensor's axes without the batch; None where one is not fixed."""

WeightKey: TypeAlias = "tuple[Any, int]"
"""A layer, and the index of a weight among `layer.weights`."""

CallSite: TypeAlias = "tuple[Any, int]"
"""A model, and the number of a call within its graph."""

NewValue: TypeAlias = Callable[[BoolArray], Any]
"""Returns the new value of a field or argument from a mask of the positions that stay."""
