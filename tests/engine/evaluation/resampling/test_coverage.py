"""Intervals of scores cover the truth at their nominal rate."""

from __future__ import annotations

import math

import pytest

from pytest_paoding.records.evidence import Contrast
from support.interval_coverage import CASES, covered

MARGIN = 0.02
"""How far coverage may be from the nominal one, besides the chance of the simulation."""


def assert_nominal(name: str, times: int) -> None:
    """Assert the coverage with 200 samples: all shares stay within 3.5 of their standard errors."""
    for (contrast, sure), share in covered(CASES[name], 200, times).items():
        chance = 3.5 * math.sqrt(sure * (1 - sure) / times)
        assert abs(share - sure) < MARGIN + chance, (contrast, sure, share)


@pytest.mark.parametrize("name", CASES)
def test_a_few_simulations_are_covered_as_often_as_said(name: str) -> None:
    assert_nominal(name, 300 // CASES[name].cost)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_many_simulations_are_covered_as_often_as_said(name: str) -> None:
    assert_nominal(name, 4000 // CASES[name].cost)


@pytest.mark.parametrize("method", ("bca", "bootstrap-t"))
def test_where_few_samples_change_resamples_would_not_cover(method: str) -> None:
    """Why shares of versions have a score test: it is not for speed."""
    case = CASES["share, few changes"]
    assert min(covered(case, 30, 100, method=method).values()) < 0.8
    chosen = covered(case, 30, 100)
    assert min(chosen[contrast, 0.95] for contrast in Contrast) > 0.9
