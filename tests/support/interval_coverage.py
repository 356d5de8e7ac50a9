"""How often intervals of scores cover the truth, in simulations whose truth is known.

`python -m support.interval_coverage` from the folder `tests` prints what stands in the docstring of
`pytest_paoding.engine.evaluation.resampling`; it takes minutes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.resampling.paired_scores import PairedScore, replicated
from pytest_paoding.engine.evaluation.resampling.resamples import Resamples
from pytest_paoding.engine.evaluation.resampling.sample_means import PairedMeans
from pytest_paoding.engine.evaluation.resampling.score_bounds import bounded_curve
from pytest_paoding.engine.evaluation.resampling.studentised import studentised_curves
from pytest_paoding.records.evidence import Contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARE, DIFFERENCE, RATIO = Contrast
Pair = tuple[Any, Any]
"""What was found of the samples before and after."""


@dataclass(frozen=True)
class Case:
    """A population of pairs.

    Attributes:
        draw: Returns the rows before and after of n samples.
        truths: The true scores before and after.
        value: The score as a function of rows and weights; None for a mean.
        bounded: Whether a mean is one of numbers from 0 to 1.
        cost: What a simulation takes, in those of a mean.
    """

    draw: Callable[[np.random.Generator, int], Pair]
    truths: tuple[float, float]
    value: Any = None
    bounded: bool = False
    cost: int = 1

    @property
    def methods(self) -> tuple[str, ...]:
        """What could bound it, the chosen method first."""
        if self.value is not None:
            return ("bca",)
        return ("score", "bootstrap-t", "bca") if self.bounded else ("bootstrap-t", "bca")

    @property
    def method(self) -> str:
        return self.methods[0]

    def truth(self, contrast: Contrast) -> float:
        before, after = self.truths
        return {SHARE: after, DIFFERENCE: before - after, RATIO: after / before}[contrast]


def mean_value(rows, weights):
    return weights @ rows / weights.sum(axis=1)


def auc_value(rows, weights):
    """Mann-Whitney, weighted, ties counting half; rows are labels and scores."""
    labels, scores = rows.T
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    positive = np.add.reduceat((weights * labels)[:, order], starts, axis=1)
    negative = np.add.reduceat((weights * (1 - labels))[:, order], starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return (positive * below).sum(axis=1) / pairs


def iou_value(rows, weights):
    """Mean over classes of tp / (tp + fp + fn); rows are those three for each class."""
    hits, false, missed = np.moveaxis((weights @ rows).reshape(len(weights), -1, 3), -1, 0)
    with np.errstate(invalid="ignore"):
        return (hits / (hits + false + missed)).mean(axis=1)


def rmse_value(rows, weights):
    return np.sqrt(mean_value(rows, weights))


def _normal(rng, n):
    before = rng.normal(10, 2, n)
    return before, before + rng.normal(1, 2, n)


def _lognormal(rng, n):
    z = rng.normal(size=(2, n))
    return np.exp(z[0]), 1.2 * np.exp(0.8 * z[0] + 0.6 * z[1])


def _few(rng, n):
    """All versions are right or wrong together, and a few samples change."""
    before = (rng.random(n) < 0.93).astype(float)
    return before, np.where(rng.random(n) < 0.04, 1 - before, before)


def _versions(shape, rate):
    """Shares of 20 versions of a sample that are right, most of them right or wrong together."""

    def draw(rng, n):
        easy = rng.beta(*shape, n)
        before = rng.binomial(20, easy) / 20
        return before, rng.binomial(20, easy * rng.beta(20 * rate, 20 * (1 - rate), n)) / 20

    return draw


def _ranked(rng, n):
    labels = (rng.random(n) < 0.4).astype(float)
    before = labels * 1.5 + rng.normal(size=n)
    after = labels * 1.2 + 0.8 * (before - 1.5 * labels) + 0.6 * rng.normal(size=n)
    rows = [np.stack([labels, np.round(each, 1)], axis=1) for each in (before, after)]
    return rows[0], rows[1]


def _segmented(rng, n):
    size = rng.gamma(2, 20, (n, 3))  # of the regions of three classes in each image
    parts = []
    for hit in (0.85, 0.8):
        hits = rng.binomial(size.astype(int) + 1, hit)
        missed = size.astype(int) + 1 - hits
        parts.append(np.stack([hits, rng.poisson(0.1 * size), missed], axis=-1).reshape(n, 9))
    return parts[0].astype(float), parts[1].astype(float)


def _area(shift: float) -> float:
    """The area under the curve of scores rounded to 0.1: ties of normal scores halve."""
    grid = np.arange(-80, 100) / 10
    cdf = np.vectorize(NormalDist().cdf)
    negative, positive = (
        cdf(grid + 0.05 - mean) - cdf(grid - 0.05 - mean) for mean in (0.0, shift)
    )
    return float(positive @ (np.cumsum(negative) - negative / 2))


def _segmentation(hit: float) -> float:
    """E tp / (E tp + E fp + E fn), with the mean of a region rounded down plus one."""
    size = np.random.default_rng(0).gamma(2, 20, 4_000_000)
    whole = float(np.floor(size).mean()) + 1
    return hit * whole / (whole + 0.1 * 40)


CASES = {
    "mean, normal": Case(_normal, (10.0, 11.0)),
    "mean, log-normal": Case(_lognormal, (np.exp(0.5), 1.2 * np.exp(0.5))),
    "share of versions, 0.91": Case(
        _versions((6, 0.6), 0.95), (6 / 6.6, 6 / 6.6 * 0.95), bounded=True, cost=3
    ),
    "share of versions, 0.98": Case(
        _versions((2, 0.05), 0.99), (2 / 2.05, 2 / 2.05 * 0.99), bounded=True, cost=3
    ),
    "share, few changes": Case(_few, (0.93, 0.93 * 0.96 + 0.07 * 0.04), bounded=True, cost=3),
    "AUC, 0.80": Case(_ranked, (_area(1.5), _area(1.2)), auc_value, cost=4),
    "mean IoU, 0.73": Case(_segmented, (_segmentation(0.85), _segmentation(0.8)), iou_value),
    "RMSE, log-normal": Case(_lognormal, (np.exp(0.25), np.sqrt(1.2) * np.exp(0.25)), rmse_value),
}


CONFIDENCES = (0.95, 0.9)


def curves(pairs: list[Pair], case: Case, method: str, seed: int) -> dict[Contrast, Any]:
    """Return by contrast the curve of each pair, by one of the methods."""
    resamples = Resamples(len(pairs[0][0]), seed)
    if method == "bca":
        value = case.value or mean_value
        found = replicated(
            [PairedScore(value, after, before) for before, after in pairs], resamples
        )
        return {contrast: [each.curve(contrast) for each in found] for contrast in Contrast}
    means = [PairedMeans(after, before) for before, after in pairs]
    if method == "score":
        return {
            contrast: [bounded_curve(each, contrast) for each in means] for contrast in Contrast
        }
    asked = [(each, contrast) for contrast in Contrast for each in means]
    found = iter(studentised_curves(asked, resamples))
    return {contrast: [next(found) for _ in means] for contrast in Contrast}


def covered(
    case: Case, n: int, times: int, *, method: str | None = None, seed: int = 1
) -> dict[tuple[Contrast, float], float]:
    """Return by contrast and confidence the share of simulations whose interval holds the truth.

    A simulation without an interval does not count.
    """
    rng = np.random.default_rng((seed, n))
    pairs = [case.draw(rng, n) for _ in range(times)]
    found = curves(pairs, case, method or case.method, seed)
    shares = {}
    for contrast, each in found.items():
        truth = case.truth(contrast)
        for sure in CONFIDENCES:
            ends = [known for curve in each if (known := curve.interval(sure))]
            shares[contrast, sure] = float(np.mean([low <= truth <= high for low, high in ends]))
    return shares


def rows(times: int = 1000) -> Iterator[str]:
    """Yield the coverage of 95 % intervals: a row for each case and method."""
    for name, case in CASES.items():
        for method in case.methods:
            found = [
                covered(case, samples, times // case.cost, method=method)[contrast, 0.95]
                for samples in (30, 100, 400)
                for contrast in Contrast
            ]
            yield f"{name:26}{method:12}" + " ".join(f"{share:.3f}" for share in found)


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
