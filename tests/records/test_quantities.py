from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.records.text.printing import show, show_apart
from pytest_paoding.records.text.quantities import (
    Unit,
    confidence,
    count,
    part,
    ratio,
    read,
    share,
    size,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("given", "expected"),
    (
        ("1%", 0.01),
        ("2.3 %", 0.023),
        ("100%", 1.0),
        (0.01, 0.01),
        ("0.01", 0.01),
        ("1e-2", 0.01),
        (0, 0.0),
        (1.0, 1.0),
    ),
)
def test_shares(given: object, expected: object) -> None:
    assert share(given) == expected


@pytest.mark.parametrize("given", (1, "1"))
def test_a_bare_one_is_refused_with_both_readings(given: object) -> None:
    with pytest.raises(ValueError, match=r'1.? could mean "1%" or "100%"'):
        share(given)


def test_fifty_is_refused_with_what_was_meant() -> None:
    with pytest.raises(ValueError, match=r'50 is not .*, did you mean "50%"'):
        ratio(50)


@pytest.mark.parametrize(
    "given", (True, None, [], "", "half", "inf", "nan", math.inf, math.nan, -0.1, "-1%", "5%%", 1e9)
)
def test_what_is_no_share_is_refused_in_one_line(given: object) -> None:
    with pytest.raises(ValueError, match="is not a share") as caught:
        share(given)
    assert "\n" not in str(caught.value)


def test_a_retention_may_exceed_one() -> None:
    assert read("150%", Unit.RETENTION) == 1.5
    with pytest.raises(ValueError, match='did you mean "90%"'):
        read(90, Unit.RETENTION)


@pytest.mark.parametrize(
    ("given", "expected"),
    ((0, 0), (0.5, 0.5), (2, 2), (2.5, 2.5), ("7.25", 7.25), ("250%", 2.5), ("2000%", 20)),
)
def test_a_factor_may_be_any(given: object, expected: float) -> None:
    assert read(given, Unit.RETENTION) == expected


@pytest.mark.parametrize("given", (1, 3, "9"))
def test_a_factor_that_may_be_a_percentage_is_refused_with_both_readings(given: object) -> None:
    with pytest.raises(ValueError, match=rf'{given}.? could mean "{given}%" or "{given}00%"'):
        read(given, Unit.RETENTION)


@pytest.mark.parametrize("given", (-0.1, "-3%", 50.5, 10, math.nan, "inf", None, True, "twice"))
def test_what_is_no_factor_is_refused_in_one_line(given: object) -> None:
    with pytest.raises(ValueError, match=r"is not a factor such as 0\.5") as caught:
        read(given, Unit.RETENTION)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", (0, "0%", 1.0, "100%"))
def test_a_ratio_prunes_something_but_not_all(given: object) -> None:
    with pytest.raises(ValueError, match="would prune nothing or all"):
        ratio(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    (
        (300000, 300000),
        (3e5, 300000),
        ("300000", 300000),
        ("512 kB", 512000),
        ("512KiB", 524288),
        ("1.5 MB", 1500000),
        ("2 GiB", 2**31),
        ("7 B", 7),
    ),
)
def test_sizes(given: object, expected: object) -> None:
    assert size(given) == expected


@pytest.mark.parametrize("unit", ("kb", "KB", "K", "k", "Kib"))
def test_a_size_that_may_be_decimal_or_binary_is_refused_with_both(unit: str) -> None:
    with pytest.raises(ValueError, match=r"did you mean kB \(1000 bytes\) or KiB \(1024 bytes\)"):
        size(f"512 {unit}")


@pytest.mark.parametrize(
    ("given", "why"),
    (
        ("5 parsecs", "unknown unit 'parsecs', known are B, kB"),
        ("5 xB", "unknown unit"),
        ("50%", "belongs in min_size_reduction"),
        (0, "positive"),
        (-1, "positive"),
        ("0.5 B", "whole"),
        (True, "is not a size"),
        ("big", "is not a size"),
        (math.inf, "is not a size"),
    ),
)
def test_senseless_sizes(given: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        size(given)


def test_counts() -> None:
    assert count("60000") == count(6e4) == 60000
    with pytest.raises(ValueError, match="a share belongs in"):
        count("25%")
    for wrong in (0, -3, 1.5, "1e999999999", True):
        with pytest.raises(ValueError, match="whole number"):
            count(wrong)


def test_a_metric_of_unknown_unit_takes_any_finite_number() -> None:
    assert read("-3.5", Unit.PLAIN) == -3.5
    assert read("2%", Unit.PLAIN) == 0.02  # which would pass everything were it 2
    assert read(3.5, Unit.MILLISECONDS) == 3.5
    with pytest.raises(ValueError, match="is not a number"):
        read("much", Unit.PLAIN)


@pytest.mark.parametrize(
    ("reader", "given", "expected"),
    (
        (step, "2.5%", 0.025),
        (step, 1.0, 1.0),
        (step, 0.001, 0.001),
        (step, "0.1%", 0.001),
        (part, "25%", 0.25),
        (part, 0, 0.0),
        (confidence, "95%", 0.95),
    ),
)
def test_shares_within_bounds(
    reader: Callable[[object], float], given: object, expected: float
) -> None:
    assert reader(given) == expected


@pytest.mark.parametrize(
    ("reader", "given", "why"),
    (
        (step, 0, "prunes next to nothing: a step is a share of at least 0.001$"),
        (step, "0.09%", "prunes next to nothing"),
        (step, 1e-9, "prunes next to nothing"),
        (step, 5e-324, "prunes next to nothing"),
        (part, 1.0, "would leave nothing"),
        (confidence, 0.4, "from 0.5 to below 1"),
        (confidence, 1.0, "from 0.5 to below 1"),
    ),
)
def test_shares_out_of_bounds(reader: Callable[[object], float], given: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader(given)


@given(st.floats(0, 1, exclude_min=True))
def test_a_share_reads_the_same_as_number_text_and_percentage(value: float) -> None:
    assert share(value) == share(repr(value)) == value
    assert share(f"{value * 100!r}%") == pytest.approx(value)


def outcome_of(value: object, unit: Unit) -> float | str:
    try:
        return read(value, unit)
    except ValueError as error:
        return str(error)


@given(
    st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()),
    st.sampled_from(Unit),
)
def test_every_reader_returns_a_finite_number_or_a_one_line_error(
    value: object, unit: Unit
) -> None:
    answer = outcome_of(value, unit)
    if isinstance(answer, str):
        assert len(answer.splitlines()) == 1
    else:
        assert math.isfinite(answer)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    (
        (None, Unit.SHARE, "-"),
        (0.9761, Unit.SHARE, "0.9761"),
        (0.5, Unit.PERCENT, "50.0%"),
        (49210, Unit.COUNT, "49210"),
        (1.5, Unit.COUNT, "2"),
        (999, Unit.BYTES, "999 B"),
        (210_100, Unit.BYTES, "210.1 kB"),
        (1_900_000, Unit.BYTES, "1.9 MB"),
        (3_000_000_000, Unit.BYTES, "3.0 GB"),
        (0.123456, Unit.PLAIN, "0.1235"),
        (1.23456, Unit.MILLISECONDS, "1.235 ms"),
    ),
)
def test_numbers_as_people_read_them(value: float | None, unit: Unit, text: str) -> None:
    assert show(value, unit) == text


def test_printing_widens_until_found_and_limit_differ() -> None:
    assert show_apart(0.66666, 0.66667, Unit.SHARE) == ("0.66666", "0.66667")
    assert show_apart(300_040, 300_000, Unit.BYTES) == ("300.04 kB", "300.00 kB")
    assert show_apart(0.5, 0.5, Unit.SHARE) == ("0.5000", "0.5000")
    assert show_apart(None, 0.5, Unit.SHARE) == ("-", "0.5000")
    assert show_apart(1e-300, 2e-300, Unit.SHARE) == ("1e-300", "2e-300")


@given(
    st.floats(0, 1e12) | st.integers(0, 10**12),
    st.floats(0, 1e12) | st.integers(0, 10**12),
    st.sampled_from(Unit),
)
def test_different_numbers_never_print_alike(found: float, limit: float, unit: Unit) -> None:
    one, two = show_apart(found, limit, unit)
    assert (one == two) == (found == limit)
