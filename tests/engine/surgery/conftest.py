"""Fixtures of the tests of surgery: everything in float64, whatever ran before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """Build models in float64, so that an exact cut differs from a nearly right one."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)
