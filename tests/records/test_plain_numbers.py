from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.text.jsonable import is_finite, plain_measurement

HUGE = 10**400


@given(st.integers(-HUGE, HUGE) | st.floats())
def test_a_number_is_finite_where_a_float_can_be_it(value: float) -> None:
    try:
        expected = math.isfinite(float(value))
    except OverflowError:
        expected = False
    assert is_finite(value) or abs(value) > sys.float_info.max or not expected
    assert not is_finite(value) or expected


@pytest.mark.parametrize("value", (HUGE, -HUGE, math.inf, math.nan))
def test_what_no_float_can_be_is_undefined(value: float) -> None:
    found = plain_measurement(Measurement(before=value, found=value))
    assert found == Measurement(reason="is not a finite number")
