"""The largest ratio whose model is within budget, found with few prunings.

What pruning costs is taken to grow with the ratio: where a ratio passes, smaller ones are not
tried, and where it fails, larger ones are not. On that monotone envelope bisection over a grid of
hundredths takes at most seven prunings, always the same ones for the same models.

Budgets on what is counted (size, parameters, FLOPs) only get easier with the ratio, so they do not
direct the search: if the largest ratio that the others allow misses them, every ratio does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.budgets import Judgement

STEPS = 100
"""The grid is a hundredth wide."""

_Tried = TypeVar("_Tried")


def largest(attempt: Callable[[float], _Tried], *, holds: Callable[[_Tried], bool]) -> _Tried:
    """Return the attempt at the largest ratio that holds; that at the smallest, if none does.

    Args:
        attempt: Tries a ratio.
        holds: Whether what came of it allows for a larger ratio.

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


def holds_quality(judgement: Judgement) -> bool:
    """Whether every budget holds that a larger ratio could break."""
    return not any(check.fails and not check.limit.metric.counted for check in judgement.checks)
