from __future__ import annotations

import math
import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.ratio_search import MOST_TRIALS, largest, strain_of
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


@given(edge=st.integers(0, 99), steep=st.floats(0.1, 60), told=st.booleans())
def test_the_search_finds_the_edge_with_few_attempts(
    edge: int, steep: float, *, told: bool
) -> None:
    tried: list[float] = []

    def attempt(ratio: float) -> float:
        tried.append(ratio)
        return ratio

    def strain(ratio: float) -> float:
        if not told:
            return 0.0 if ratio <= edge / 100 else math.inf
        return math.exp(steep * (ratio - edge / 100 - 1e-9))

    assert largest(attempt, strain=strain) == max(edge, 1) / 100
    assert len(tried) <= MOST_TRIALS == 10
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("steep", (5, 10, 20, 40))
def test_strain_that_grows_evenly_saves_attempts(steep: float) -> None:
    tried: list[float] = []
    for edge in range(3, 97):
        found = largest(
            lambda ratio: tried.append(ratio) or ratio,  # type: ignore[func-returns-value]
            strain=lambda ratio, edge=edge: math.exp(steep * (ratio - edge / 100 - 0.003)),
        )
        assert found == edge / 100
    assert len(tried) <= 5.6 * 94  # bisection takes 6.6


def test_chance_in_the_strain_costs_few_attempts() -> None:
    random, tried = Random(0), []
    for _ in range(1000):
        edge, steep, chance = random.uniform(0.03, 0.97), random.uniform(3, 30), random.random() / 3
        noise = [random.gauss(0, chance) for _ in range(100)]
        largest(
            lambda ratio: tried.append(ratio) or ratio,  # type: ignore[func-returns-value]
            strain=lambda ratio, edge=edge, steep=steep, noise=noise: math.exp(
                steep * (ratio - edge) + noise[round(100 * ratio)]
            ),
        )
    assert len(tried) <= 5.2 * 1000


@given(st.sets(st.integers(1, 99)), st.randoms(use_true_random=False))
def test_what_the_search_returns_has_held_or_nothing_it_tried_did(
    holding: set[int], random: Random
) -> None:
    tried: list[int] = []

    def attempt(ratio: float) -> int:
        tried.append(round(100 * ratio))
        return tried[-1]

    def strain(number: int) -> float:
        return random.uniform(0, 1) if number in holding else random.uniform(1.01, 9)

    found = largest(attempt, strain=strain)
    held = holding.intersection(tried)
    assert found == (max(held) if held else min(tried))
    assert len(tried) <= MOST_TRIALS


@pytest.mark.parametrize(
    ("key", "measured", "level", "strain"),
    (
        ("max_accuracy_decay", Measurement(found=0.1), Level.ERROR, 0.5),
        ("max_accuracy_decay", Measurement(found=-0.1), Level.ERROR, 0),
        ("max_accuracy_decay", Measurement(found=0.2), Level.ERROR, 1),
        ("max_accuracy_decay", Measurement(found=0.3), Level.ERROR, 1.5),
        ("max_accuracy_decay", Measurement(found=0.3), Level.WARN, 0),
        ("max_accuracy_decay", Measurement(), Level.ERROR, math.inf),
        ("min_agreement", Measurement(found=0.6), Level.ERROR, 0.5),
        ("min_agreement", Measurement(found=0.1), Level.ERROR, 1.125),
        ("min_accuracy", Measurement(0.8, 0.5, 0.5), Level.ERROR, 0.5),
        ("min_accuracy", Measurement(0.2, 0.1, 0.1), Level.ERROR, math.inf),
        ("max_size", Measurement(found=0.3), Level.ERROR, 0),
        ("min_parameters_removed", Measurement(found=0.1), Level.ERROR, 0),
        ("max_flops_increase", Measurement(found=0.3), Level.ERROR, 0),
    ),
)
def test_the_strain_is_the_room_that_is_taken_of_what_is_not_counted(
    key: str, measured: Measurement, level: Level, strain: float
) -> None:
    metric = LIMITS[key]
    judgement = judge([Limit(metric, 0.2, level)], {metric.name: measured})
    assert strain_of(judgement) == pytest.approx(strain)
