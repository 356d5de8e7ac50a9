"""The interval of a score of any kind, as bounds of its true value at fixed levels."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_paoding.records.evidence.contrast import CONFIDENCE, Contrast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TAIL = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25)
LEVELS = (*_TAIL, 0.5, *(1 - level for level in reversed(_TAIL)))
"""Levels of a curve's bounds: those of the intervals of 50, 70, 80, 90, 95, 98, 99, 99.5, 99.8 and
99.9 %. Between them bounds are interpolated on the scale of normal deviates, on which the bounds
of a mean of many samples lie on a line."""


@dataclass(frozen=True, slots=True)
class ConfidenceCurve:
    """Bounds of a metric's true value, a level each: a confidence distribution.

    The true value is below the bound of level p with probability p, whatever the method that found
    the bounds. The interval of confidence c reaches from the bound of level (1 - c) / 2 to that of
    (1 + c) / 2. Xie and Singh, International Statistical Review 81 (2013), 3-39.

    Attributes:
        contrast: What is bounded: the value after pruning, the difference, or the ratio.
        samples: Number of samples.
        method: How the bounds were found: `bootstrap-t`, `bca` or `score`.
        replicates: Number of resamples behind the bounds; 0 where the method draws none.
        bounds: A bound for each of `LEVELS`, which grow; None where the samples give no bound.
            Empty where no interval is known.
        reason: Why none is known, in one line.
    """

    contrast: Contrast
    samples: int
    method: str
    replicates: int = 0
    bounds: tuple[float | None, ...] = ()
    reason: str | None = None

    def __post_init__(self) -> None:
        if len(self.bounds) not in {0, len(LEVELS)}:
            raise ValueError(f"{len(self.bounds)} bounds for {len(LEVELS)} levels")

    @property
    def surest(self) -> float:
        """Greatest confidence: the ends of the levels, or the outermost of few resamples."""
        outermost = 1 / (self.replicates + 1) if self.replicates else 0.0
        return 1 - 2 * max(LEVELS[0], outermost)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
        """Return the ends of the interval of the true value; None where one is unknown.

        Args:
            confidence: Share of all samplings in which it covers the true value, between 0 and 1;
                above `surest` the interval of that confidence is given.
        """
        if not self.bounds:
            return None
        level = (1 - min(confidence, self.surest)) / 2
        low, high = self.bound(level), self.bound(1 - level)
        return None if low is None or high is None else (low, high)

    def mirrored(self) -> ConfidenceCurve:
        """Return the bounds of the value with the other sign."""
        return self._mapped(lambda bound: -bound, falling=True)

    def inverted(self) -> ConfidenceCurve:
        """Return the bounds of 1 / value, of values above 0."""
        return self._mapped(lambda bound: 1 / bound if bound > 0 else None, falling=True)

    def decayed(self) -> ConfidenceCurve:
        """Return the bounds of 1 - value."""
        return self._mapped(lambda bound: 1 - bound, falling=True)

    def grown(self) -> ConfidenceCurve:
        """Return the bounds of value - 1."""
        return self._mapped(lambda bound: bound - 1, falling=False)

    def _mapped(
        self, function: Callable[[float], float | None], *, falling: bool
    ) -> ConfidenceCurve:
        bounds = tuple(None if each is None else function(each) for each in self.bounds)
        return replace(self, bounds=bounds[::-1] if falling else bounds)

    def bound(self, level: float) -> float | None:
        """Return the bound at any level between the outermost ones; None where it is unknown."""
        place = _place(level)
        low, high = self.bounds[int(place)], self.bounds[-int(-place // 1)]
        if low is None or high is None:
            return None
        return low + (place % 1) * (high - low)

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        return {
            "contrast": self.contrast.value,
            "samples": self.samples,
            "method": self.method,
            "replicates": self.replicates,
            "bounds": list(self.bounds),
            "reason": self.reason,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ConfidenceCurve:
        """Return what `to_dict` gave."""
        special = {"contrast": Contrast(plain["contrast"]), "bounds": tuple(plain["bounds"])}
        return cls(**{**plain, **special})


_NEAR = 1e-9
"""Rounding of levels, which are differences from 1."""


@lru_cache(maxsize=256)
def _place(level: float) -> float:
    """Return where a level is among `LEVELS`: its index, with a fraction between two of them."""
    from statistics import NormalDist  # noqa: PLC0415 - as slow as the rest of this side

    after = min(bisect_left(LEVELS, level - _NEAR), len(LEVELS) - 1)
    if abs(LEVELS[after] - level) <= _NEAR:
        return after
    ends = (LEVELS[after - 1], level, LEVELS[after])
    low, at, high = map(NormalDist().inv_cdf, ends)
    return after - 1 + (at - low) / (high - low)
