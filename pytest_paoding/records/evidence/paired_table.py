"""Evidence that can be counted: how many samples are right before and after pruning."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.evidence.contrast import CONFIDENCE, Contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_CELLS = ("both", "lost", "gained", "neither")
_PRECISION = 1e-7
"""Relative precision of bisection: far finer than any metric is printed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Numbers of samples that are right before and after pruning: a paired two-by-two table.

    The answers before and after are hardly independent, so a difference or a ratio of the two
    shares is known far better than from two unpaired samples.

    Attributes:
        contrast: How the metric compares the two shares.
        both: Samples that are right before and after.
        lost: Samples that are right before only.
        gained: Samples that are right after only.
        neither: Samples that are right neither before nor after.

    Raises:
        ValueError: Nothing can be told from such numbers: no samples, or a ratio to none of them.
    """

    contrast: Contrast
    both: int
    lost: int
    gained: int = 0
    neither: int = 0

    def __post_init__(self) -> None:
        right = self.both + self.lost
        if not self.samples or (self.contrast is Contrast.RATIO and not right):
            raise ValueError(f"evidence of {self.samples} samples, {right} of them right before")

    @property
    def samples(self) -> int:
        """Number of samples."""
        return sum(self._counts)

    @property
    def reason(self) -> None:
        """Why no interval is known: counts always give one."""

    @property
    def surest(self) -> float:
        """Greatest confidence of an interval: any is served."""
        return 1.0

    @property
    def _counts(self) -> tuple[int, int, int, int]:
        return self.both, self.lost, self.gained, self.neither

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Return the least and the largest true value that the samples do not contradict.

        The two-sided score interval: the values that a score test with the variance of the
        constrained maximum-likelihood estimate accepts. For a share it is Wilson's (1927), for a
        paired difference Tango's (Statistics in Medicine 17, 1998, 891-908), for a paired ratio
        Nam and Blackwelder's (Statistics in Medicine 21, 2002, 689-699). All hold their level for
        small samples and at the ends of the range too.

        Args:
            confidence: Share of all samplings in which it covers the true value.
        """
        return _interval(self.contrast, self._counts, confidence)

    @property
    def difference_by_chance(self) -> float:
        """Probability of a difference at least this large if both shares are the same.

        The two-sided exact test of McNemar (Psychometrika 12, 1947, 153-157): of the samples that
        changed sides, half would be expected to be lost.
        """
        changed = self.lost + self.gained
        tail = range(min(self.lost, self.gained) + 1)
        logs = (_log_choices(changed, number) - changed * math.log(2) for number in tail)
        return min(1.0, 2 * math.fsum(map(math.exp, logs)))

    def to_dict(self) -> dict[str, str | int]:
        """Return the plain form."""
        return {"contrast": self.contrast.value, **dict(zip(_CELLS, self._counts, strict=True))}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Evidence:
        """Return what `to_dict` gave.

        Raises:
            ValueError: Nothing can be told from such numbers.
        """
        return cls(Contrast(plain["contrast"]), *(int(plain[cell]) for cell in _CELLS))


@lru_cache(maxsize=256)
def _interval(
    contrast: Contrast, counts: tuple[int, ...], confidence: float
) -> tuple[float, float]:
    from statistics import NormalDist  # noqa: PLC0415 - as slow as the rest of this side

    found = _estimate(contrast, counts)
    accepted = NormalDist().inv_cdf((1 + confidence) / 2)

    def rejected(value: float) -> bool:
        return _squared_score(_deviations(contrast, counts, value)) > accepted**2

    lowest = -1.0 if contrast is Contrast.DIFFERENCE else 0.0
    highest = _beyond(found, rejected) if contrast is Contrast.RATIO else 1.0
    return _last(found, lowest, rejected), _last(found, highest, rejected)


def _estimate(contrast: Contrast, counts: Sequence[int]) -> float:
    both, lost, gained, _ = counts
    if contrast is Contrast.RATIO:
        return (both + gained) / (both + lost)
    part = both + gained if contrast is Contrast.SHARE else lost - gained
    return part / sum(counts)


def _deviations(contrast: Contrast, counts: Sequence[int], value: float) -> list[tuple[int, float]]:
    """Return (samples, deviation) of each cell; their sum is zero on average if `value` is true.

    With x and y, 0 or 1, for before and after: y - value, x - y - value, or y - value * x.
    """
    both, lost, gained, neither = counts
    if contrast is Contrast.SHARE:
        return [(both + gained, 1 - value), (lost + neither, -value), (0, 0.0)]
    if contrast is Contrast.DIFFERENCE:
        return [(lost, 1 - value), (gained, -1 - value), (both + neither, -value)]
    return [(both, 1 - value), (lost, -value), (gained, 1.0)]


def _squared_score(deviations: Sequence[tuple[int, float]]) -> float:
    """Return the square of the mean deviation in standard errors, those of a mean that is zero.

    The likeliest probabilities under which the mean deviation is zero are n_i / (n (1 + t d_i)),
    where the multiplier t solves sum n_i d_i / (1 + t d_i) = 0: of at most three different d_i
    other than zero, a quadratic equation. Summing t d_i p_i = n_i / n - p_i, times d_i, over the
    cells shows that the variance under them is the mean deviation divided by t. That holds as well
    where a cell without samples has to get a probability: there 1 + t d_i = 0 solves the equation.
    """
    total = sum(n * d for n, d in deviations)
    if total == 0:
        return 0.0
    squares = sum(n * d * d for n, d in deviations)
    quadratic = math.prod(d for _, d in deviations) * sum(n for n, _ in deviations)
    linear = total * sum(d for _, d in deviations) - squares
    roots = [root for root in _roots(quadratic, linear, total) if root * total > 0]
    return total * min(roots, key=abs) if roots else math.inf


def _roots(quadratic: float, linear: float, constant: float) -> list[float]:
    """Return the solutions of q t^2 + l t + c = 0 other than zero, without cancellation."""
    discriminant = max(0.0, linear * linear - 4 * quadratic * constant)
    stable = -(linear + math.copysign(math.sqrt(discriminant), linear)) / 2
    if stable == 0:
        return []
    return [constant / stable, *([stable / quadratic] if quadratic else [])]


def _beyond(found: float, rejected: Callable[[float], bool]) -> float:
    """Return a rejected value above an accepted one."""
    value = 2 * max(found, 1.0)
    while not rejected(value):
        value *= 2
    return value


def _last(accepted: float, end: float, rejected: Callable[[float], bool]) -> float:
    """Return the accepted value that is furthest towards `end`."""
    return _bisected(accepted, end, rejected) if rejected(end) else end


def _bisected(outside: float, inside: float, holds: Callable[[float], bool]) -> float:
    """Return the value between `outside` and `inside` from which a condition holds."""
    while abs(inside - outside) > _PRECISION * max(abs(inside + outside) / 2, _PRECISION):
        middle = (outside + inside) / 2
        outside, inside = (outside, middle) if holds(middle) else (middle, inside)
    return (outside + inside) / 2


def _log_choices(of: int, number: int) -> float:
    """Return the logarithm of a binomial coefficient."""
    return math.lgamma(of + 1) - math.lgamma(number + 1) - math.lgamma(of - number + 1)
