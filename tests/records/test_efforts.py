"""Efforts and other numbers: bounded, strict, and refused in one short line whatever they are."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.engine.pruning.validation import check_effort
from pytest_paoding.errors import PruningError
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.efforts import effort, seconds_and_sharers
from pytest_paoding.records.text.quantities import LONGEST, as_given, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = 10**5000


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError


TOO_LONG = (1e308, 1e30, LONGEST + 1, DIGITS, math.inf, "1e300", "1e999", "9" * 10**6)
NONE = ("\u0661\u0660", "1_0", "0x10", "nan", "inf", "1e", "", "x" * 10**6, math.nan, -1, -DIGITS)
OBJECTS = (np.arange(3), np.ones((99, 99)), np.array(10.0), Raising(), [1] * 10**5, b"10", 1j, None)
READERS: dict[str, Callable[[Any], object]] = {
    "effort": effort,
    "effort of a setting": SETTINGS["effort"].read,
    "seconds": seconds,
    "timeout": SETTINGS["timeout"].read,
    "sharers": seconds_and_sharers,
}
OTHERS = ("share", "multiple", "size", "count", "factor", "finite", "confidence", "step")


def require_short(told: str) -> None:
    """Fail unless a message is one short line."""
    assert len(told) < 400
    assert "\n" not in told


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("value", TOO_LONG, ids=lambda each: as_given(each)[:9])
def test_nothing_may_take_more_than_a_week(reader: str, value: object) -> None:
    with pytest.raises(ValueError, match="is more than a week, 604,800 seconds") as caught:
        READERS[reader](value)
    require_short(str(caught.value))


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("value", (*NONE, *OBJECTS), ids=lambda each: as_given(each)[:9])
def test_what_is_no_number_is_refused_in_one_short_line(reader: str, value: object) -> None:
    with pytest.raises(ValueError, match="a positive number of seconds") as caught:
        READERS[reader](value)
    require_short(str(caught.value))


@pytest.mark.parametrize("value", ("1e300/5", "604801/2", "\u0661\u0660/5", "1_0/5", "10/\u0665"))
def test_a_shared_effort_is_held_to_the_same(value: str) -> None:
    with pytest.raises(ValueError, match=r"more than a week|neither of|does not end in"):
        effort(value)
    with pytest.raises(PruningError, match=r"^effort: "):
        check_effort(value)


@pytest.mark.parametrize("value", (LONGEST, "604800", "6.048e5", Fraction(LONGEST), np.float32(9)))
def test_a_week_is_allowed(value: Any) -> None:
    assert effort(value) == seconds(value) == float(value)


@pytest.mark.parametrize("reader", OTHERS)
@pytest.mark.parametrize(
    "value",
    ("\u0661\u0660", "1_0", "5." + "0" * 10**6, "9" * 10**6, -DIGITS, DIGITS, *OBJECTS),
    ids=lambda each: as_given(each)[:9],
)
def test_other_numbers_are_as_strict_and_as_short(reader: str, value: object) -> None:
    with pytest.raises(ValueError, match=" ") as caught:
        getattr(quantities, reader)(value)
    require_short(str(caught.value))


@given(st.text() | st.integers() | st.floats() | st.lists(st.text()) | st.binary())
def test_whatever_is_given_is_told_in_one_short_line(value: object) -> None:
    require_short(as_given(value))
