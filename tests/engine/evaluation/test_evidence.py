"""Intervals: against closed forms, published examples, an optimiser, and by their coverage."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from pytest_paoding.records.evidence import Contrast, Evidence

SHARE, DIFFERENCE, RATIO = Contrast
Z = 1.959963984540054
PRECISION = 1e-6  # ends are found by bisection to 1e-7 of their size
cells = st.integers(0, 300)


def wilson(successes: int, samples: int) -> tuple[float, float]:
    share, square = successes / samples, Z * Z / samples
    centre = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / samples + square / 4 / samples) / (1 + square)
    return centre - half, centre + half


def tango_score(lost: int, gained: int, samples: int, value: float) -> float:
    """Tango (1998), equations 4 and 6: the score, with its closed form of the estimate."""
    a = 2 * samples
    b = -lost - gained + (2 * samples - lost + gained) * value
    c = -gained * value * (1 - value)
    estimate = (math.sqrt(max(b * b - 4 * a * c, 0)) - b) / (2 * a)
    variance = samples * (2 * estimate + value * (1 - value))
    return (lost - gained - samples * value) / math.sqrt(variance)


@given(cells, cells)
def test_of_a_share_it_is_wilsons(having: int, lacking: int) -> None:
    if having + lacking:
        found = Evidence(SHARE, having, lacking).interval()
        assert found == pytest.approx(wilson(having, having + lacking), abs=PRECISION)


@given(cells, st.integers(1, 300), st.integers(1, 300), cells)
def test_of_a_difference_it_is_tangos(both: int, lost: int, gained: int, neither: int) -> None:
    evidence = Evidence(DIFFERENCE, both, lost, gained, neither)
    ends = evidence.interval()
    scores = [tango_score(lost, gained, evidence.samples, end) for end in ends]
    for end, score, expected in zip(ends, scores, (Z, -Z), strict=True):
        assert abs(end) == pytest.approx(1, abs=PRECISION) or score == pytest.approx(expected, 1e-3)


def test_of_a_difference_it_is_the_published_one() -> None:
    """Tango (1998), table III: 36 both, 12 and 2 in one only; 0.061 to 0.345."""
    low, high = Evidence(DIFFERENCE, 36, 12, 2, 0).interval()
    assert (round(low, 3), round(high, 3)) == (0.061, 0.345)


def likeliest(counts: tuple[int, ...], value: float) -> np.ndarray:
    """The cell probabilities of greatest likelihood where after / before is `value`."""
    fixed = np.array([value - 1, value, -1.0, 0.0])
    with warnings.catch_warnings():
        # Older releases of SciPy step over a bound, step back and warn of it.
        warnings.filterwarnings("ignore", "Values in x were outside bounds", RuntimeWarning)
        found = minimize(
            lambda p: -np.dot(counts, np.log(np.maximum(p, 1e-300))) / sum(counts),
            np.full(4, 0.25),
            bounds=[(1e-12, 1)] * 4,
            constraints=[
                {"type": "eq", "fun": lambda p: p.sum() - 1},
                {"type": "eq", "fun": lambda p: fixed @ p},
            ],
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
    return found.x


@pytest.mark.parametrize(
    "counts", ((446, 5, 16, 690), (40, 10, 3, 7), (9, 1, 1, 30), (30, 6, 0, 4), (50, 0, 2, 8))
)
def test_of_a_ratio_its_ends_are_where_the_score_is(counts: tuple[int, ...]) -> None:
    samples = sum(counts)
    for end in Evidence(RATIO, *counts).interval():
        deviations = np.array([1 - end, -end, 1.0, 0.0])
        variance = likeliest(counts, end) @ deviations**2
        score = deviations @ counts / samples / math.sqrt(variance / samples)
        assert abs(score) == pytest.approx(Z, rel=2e-3)  # what the optimiser gives


@given(st.sampled_from(Contrast), st.integers(1, 300), cells, cells, cells)
def test_it_holds_what_was_found_and_grows_with_confidence(
    contrast: Contrast, both: int, lost: int, gained: int, neither: int
) -> None:
    evidence = Evidence(contrast, both, lost, gained, neither)
    before, after = both + lost, both + gained
    found = {
        SHARE: after / evidence.samples,
        DIFFERENCE: (before - after) / evidence.samples,
        RATIO: after / before,
    }[contrast]
    low, high = evidence.interval()
    wider = evidence.interval(0.999)
    assert low - PRECISION <= found <= high + PRECISION * max(1, high)
    assert wider[0] <= low + PRECISION
    assert high <= wider[1] + PRECISION * max(1, high)


@pytest.mark.parametrize("contrast", tuple(Contrast))
@pytest.mark.parametrize(
    ("samples", "shares"),
    (
        (50, (0.93, 0.04, 0.01, 0.02)),
        (50, (0.3, 0.02, 0.05, 0.63)),
        (50, (0.6, 0.1, 0.1, 0.2)),
        (200, (0.93, 0.04, 0.01, 0.02)),
    ),
)
def test_it_covers_the_truth_at_its_nominal_rate(
    contrast: Contrast, samples: int, shares: tuple[float, ...]
) -> None:
    both, lost, gained, _ = shares
    truth = {
        SHARE: both + gained,
        DIFFERENCE: lost - gained,
        RATIO: (both + gained) / (both + lost),
    }[contrast]
    runs = np.random.default_rng(1).multinomial(samples, shares, size=2000)
    tables, times = np.unique(runs, axis=0, return_counts=True)
    intervals = np.array([Evidence(contrast, *map(int, table)).interval() for table in tables])
    covered = times @ ((intervals[:, 0] <= truth) & (truth <= intervals[:, 1])) / len(runs)
    assert 0.93 <= covered <= 0.99  # counts are discrete: no interval has 0.95 exactly


def test_the_exact_test_of_mcnemar() -> None:
    assert Evidence(DIFFERENCE, 90, 6, 1, 3).difference_by_chance == pytest.approx(16 / 128)
    assert Evidence(DIFFERENCE, 90, 0, 0, 3).difference_by_chance == 1
    assert Evidence(DIFFERENCE, 0, 5, 5).difference_by_chance == 1
    many = Evidence(DIFFERENCE, 0, 6000, 5000).difference_by_chance
    assert 1e-23 < many < 1e-20


@given(st.sampled_from(Contrast), st.tuples(cells, cells, cells, cells))
def test_it_survives_a_trip_where_it_tells_anything(
    contrast: Contrast, counts: tuple[int, int, int, int]
) -> None:
    named = dict(zip(("both", "gained", "lost", "neither"), counts, strict=True))
    plain = {"contrast": contrast.value, **named}
    right = named["both"] + named["lost"]
    if not sum(counts) or (contrast is Contrast.RATIO and not right):
        with pytest.raises(ValueError, match=r"evidence of \d+ samples"):
            Evidence.from_dict(plain)
    else:
        assert Evidence.from_dict(plain).to_dict() == plain
