"""Curves of bounds: read at any confidence, through JSON, and held against budgets."""

from __future__ import annotations

import json
import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.records.budgets import Limit, Verdict, judge
from pytest_paoding.records.evidence import (
    LEVELS,
    ConfidenceCurve,
    Contrast,
    Evidence,
    evidence_from_dict,
)
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import METRICS
from support.random_results import curves, evidence

RETENTION = METRICS["corruption_retention"]


def normal(mean: float = 0.9, deviation: float = 0.02, **fields: int) -> ConfidenceCurve:
    spread = NormalDist(mean, deviation)
    bounds = tuple(spread.inv_cdf(level) for level in LEVELS)
    return ConfidenceCurve(Contrast.RATIO, 200, "bca", bounds=bounds, **fields)


def test_levels_are_symmetrical_and_grow() -> None:
    assert list(LEVELS) == sorted(LEVELS)
    assert [1 - level for level in reversed(LEVELS)] == pytest.approx(LEVELS)


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_any_confidence_is_served(confidence: float) -> None:
    curve = normal()
    low, high = curve.interval(confidence)
    level = (1 - min(confidence, curve.surest)) / 2
    ends = [NormalDist(0.9, 0.02).inv_cdf(each) for each in (level, 1 - level)]
    assert (low, high) == pytest.approx(ends, abs=1e-6)


@given(curves, st.floats(0, 1), st.floats(0, 1))
def test_intervals_grow_with_confidence(curve: ConfidenceCurve, one: float, other: float) -> None:
    ends = [curve.interval(each) for each in sorted((one, other))]
    if None not in ends:
        (low, high), (lower, higher) = ends
        slack = 1e-9 * max(abs(lower), abs(higher))
        assert lower - slack <= low
        assert high <= higher + slack


@pytest.mark.parametrize("confidence", (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999))
def test_usual_confidences_need_no_interpolation(confidence: float) -> None:
    numbered = ConfidenceCurve(Contrast.SHARE, 9, "score", bounds=tuple(range(len(LEVELS))))
    low, high = numbered.interval(confidence)
    assert low == int(low)
    assert low + high == len(LEVELS) - 1


def test_bounds_that_are_unknown_leave_intervals_unknown_that_need_them() -> None:
    bounds = (None, None, *normal().bounds[2:])
    curve = ConfidenceCurve(Contrast.RATIO, 30, "bootstrap-t", 2000, bounds)
    assert curve.interval(0.995) == normal().interval(0.995)
    assert curve.interval(0.996) is curve.interval(0.999) is None


def test_a_wrong_number_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bounds for 21 levels"):
        ConfidenceCurve(Contrast.SHARE, 30, "bca", bounds=(0.1, 0.2, 0.3))


@given(evidence | curves | st.none())
def test_all_kinds_survive_a_trip(found: Evidence | ConfidenceCurve | None) -> None:
    plain = None if found is None else json.loads(json.dumps(found.to_dict(), sort_keys=True))
    assert evidence_from_dict(plain) == found


def check(curve: ConfidenceCurve, confidence: float, limit: float = 0.8):
    measured = {RETENTION.name: Measurement(0.9, 0.81, 0.9, evidence=curve)}
    (found,) = judge([Limit(RETENTION, limit, confidence=confidence)], measured).checks
    return found


def test_a_budget_with_confidence_is_held_against_its_end() -> None:
    low, _ = normal().interval(0.95)
    assert check(normal(), 0.95, low).verdict is Verdict.PASSED
    missed = check(normal(), 0.95, math.nextafter(low, 1))
    assert missed.verdict is Verdict.MISSED
    assert missed.compared == low


@pytest.mark.parametrize(
    ("curve", "confidence", "said"),
    (
        (
            normal(),
            0.9999,
            "its interval is known at 99.9% at most: set its budget with that confidence",
        ),
        (
            normal(replicates=199),
            0.995,
            "its interval is known at 99% at most: set its budget with that confidence",
        ),
        (
            ConfidenceCurve(Contrast.RATIO, 9, "bca", reason="an interval takes 20 samples"),
            0.95,
            "no interval is known, an interval takes 20 samples: set its budget without confidence",
        ),
        (
            ConfidenceCurve(Contrast.RATIO, 30, "bootstrap-t", bounds=(None,) * len(LEVELS)),
            0.9,
            "no interval is known, its samples do not bound it at 90%: set its budget without conf",
        ),
    ),
)
def test_a_confidence_that_cannot_be_had_is_unjudged(
    curve: ConfidenceCurve, confidence: float, said: str
) -> None:
    found = check(curve, confidence)
    assert found.verdict is Verdict.UNJUDGED
    assert found.measurement.reason.startswith(said)
    assert found.measurement.to_dict(confidence)["low"] is None


def test_any_confidence_in_counts_is_served() -> None:
    found = check(Evidence(Contrast.RATIO, 900, 1), 0.99999)
    assert found.verdict is Verdict.PASSED
