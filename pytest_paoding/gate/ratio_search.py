"""The search for the largest ratio whose model is within budget, with few prunings.

The cost of pruning is assumed to grow with the ratio: once a ratio passes, smaller ones are not
tried, and once it fails, larger ones are not. Bisection over a grid of hundredths then takes at
most seven prunings, always the same ones for the same models.

Budgets on counts (size, parameters, FLOPs) only get easier as the ratio grows, so they do not
direct the search: if the largest ratio that the other budgets allow misses them, every ratio does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.budgets import Judgement
    from pytest_paoding.records.results import GateResult

STEPS = 100
"""The grid is a hundredth wide."""
MOST_TRIALS = (STEPS - 1).bit_length()
"""So many are tried at most."""

_Tried = TypeVar("_Tried")


def largest(attempt: Callable[[float], _Tried], *, holds: Callable[[_Tried], bool]) -> _Tried:
    """Return the attempt at the largest ratio that holds, or at the smallest if none does.

    Args:
        attempt: Tries a ratio.
        holds: Whether the outcome allows for a larger ratio.

    >>> largest(lambda ratio: ratio, holds=lambda ratio: ratio <= 0.3)
    0.3
    >>> largest(lambda ratio: ratio, holds=lambda ratio: False)
    0.01
    """
    low, high, best, least = 0, STEPS, None, None
    while high - low > 1:
        middle = (low + high) // 2
        tried = attempt(middle / STEPS)
        if holds(tried):
            low, best = middle, tried
        else:
            high, least = middle, tried
    found = least if best is None else best
    assert found is not None  # noqa: S101 - the grid has a middle
    return found


def holds_quality(judged: Judgement | GateResult) -> bool:
    """Whether all budgets hold that a larger ratio could miss."""
    return not any(check.fails and not check.limit.metric.counted for check in judged.checks)
