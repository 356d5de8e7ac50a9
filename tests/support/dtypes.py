"""The dtype that models of a test are built in."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def models_in(dtype: str) -> Iterator[None]:
    """Build models in a dtype, and restore what was set before."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)
