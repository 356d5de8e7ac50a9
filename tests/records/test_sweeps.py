from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.ratio_search import holds_quality, largest
from pytest_paoding.records.budgets import Level, Limit, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import LIMITS
from pytest_paoding.records.text.ratios import Sweep, candidate, read_ratio, without_ratio


@pytest.mark.parametrize(
    ("given_value", "read"),
    (
        (0.5, 0.5),
        ("50%", 0.5),
        ("auto", "auto"),
        ("0.3,0.5, 70%", (0.3, 0.5, 0.7)),
        ([0.7, "30%"], (0.3, 0.7)),
        ([0.5], 0.5),
    ),
)
def test_ratios_as_people_write_them(given_value: object, read: object) -> None:
    assert read_ratio(given_value) == read


@pytest.mark.parametrize(
    ("given_value", "line"),
    (
        ([], "[] is not a list of different ratios such as [0.3, 0.5]"),
        ([0.5, "50%"], "is not a list of different ratios"),
        ("0.3,50", 'did you mean "50%"'),
        ("0.3,", "'' is not a share"),
        ([0.3, 1.0], "1.0 is not a share above 0 and below 1"),
        ("best", "'best' is not a share"),
        (True, "True is not a share"),
        ([[0.1]], "is not a share"),
    ),
)
def test_senseless_ratios_are_refused(given_value: object, line: str) -> None:
    with pytest.raises(ValueError, match=re.escape(line)):
        read_ratio(given_value)


def test_the_smallest_ratio_of_a_sweep_has_to_hold() -> None:
    assert Sweep.of((0.3, 0.5), 0.3) == Sweep(0.3, least=True)
    assert Sweep.of((0.3, 0.5), 0.5) == Sweep(0.5, least=False)
    assert Sweep.of(0.3, None) is None
    assert Sweep.of("auto", None) is None
    with pytest.raises(ConfigError, match=r"several ratios \(0.3, 0.5\) need a run of the test"):
        Sweep.of((0.3, 0.5), None)


@pytest.mark.parametrize(
    ("identity", "ratio", "bare"),
    (
        ("test_it[0.3]", 0.3, "test_it"),
        ("test_it[x-0.3-y]", 0.3, "test_it[x-y]"),
        ("test_it[0.30]", 0.3, "test_it[0.30]"),
        ("test_it", 0.3, "test_it"),
        ("test_it[0.3]", None, "test_it[0.3]"),
        ("a.py::T::test_it[0.3]", 0.3, "a.py::T::test_it"),
    ),
)
def test_the_identity_of_a_test_without_its_ratio(
    identity: str, ratio: float | None, bare: str
) -> None:
    assert without_ratio(identity, ratio) == bare


def test_a_candidate_has_a_name_no_gate_can_be_given() -> None:
    assert candidate("net", 0.5) == "net@0.5"


@given(st.integers(0, 99))
def test_the_search_finds_the_edge_with_few_attempts(edge: int) -> None:
    tried: list[float] = []
    found = largest(lambda ratio: tried.append(ratio) or ratio, holds=lambda r: r <= edge / 100)  # type: ignore[func-returns-value]
    assert found == max(edge, 1) / 100
    assert len(tried) <= 7
    assert len(set(tried)) == len(tried)


@given(st.sets(st.integers(1, 99)))
def test_what_the_search_returns_has_held_or_nothing_it_tried_did(holding: set[int]) -> None:
    tried: list[int] = []

    def attempt(ratio: float) -> int:
        tried.append(round(100 * ratio))
        return tried[-1]

    found = largest(attempt, holds=holding.__contains__)
    held = holding.intersection(tried)
    assert found == (max(held) if held else min(tried))


@pytest.mark.parametrize(
    ("key", "found", "level", "holds"),
    (
        ("max_accuracy_decay", 0.1, Level.ERROR, True),
        ("max_accuracy_decay", 0.3, Level.ERROR, False),
        ("max_accuracy_decay", 0.3, Level.WARN, True),
        ("max_accuracy_decay", None, Level.ERROR, False),
        ("max_size", 0.3, Level.ERROR, True),
        ("min_parameters_removed", 0.1, Level.ERROR, True),
        ("max_flops_increase", 0.3, Level.ERROR, True),
    ),
)
def test_what_is_counted_does_not_direct_the_search(
    key: str, found: float | None, level: Level, *, holds: bool
) -> None:
    metric = LIMITS[key]
    judgement = judge([Limit(metric, 0.2, level)], {metric.name: Measurement(found=found)})
    assert holds_quality(judgement) == holds
