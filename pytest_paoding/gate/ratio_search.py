"""The search for the largest ratio whose model is within budget, with few prunings.

The cost of pruning is assumed to grow with the ratio: once a ratio passes, smaller ones are not
tried, and once it fails, larger ones are not. What is between them is divided where the limits are
likely to be met, as their strain tells: its logarithm is about linear in the ratio, so regula falsi
finds the edge in five prunings where bisection over a grid of hundredths takes seven. Chance may
lead it astray: it is held to where ten are always enough (to hold it to eight, one more than
bisection takes, would cost the usual search more than it saves the worst). The same ratios are
always tried for the same models.

Budgets on counts (size, parameters, FLOPs) only get easier as the ratio grows, so they do not
direct the search: if the largest ratio that the other budgets allow misses them, every ratio does.
"""

from __future__ import annotations

from math import inf, isfinite, log
from typing import TYPE_CHECKING, TypeVar

from pytest_paoding.records.budgets import Level
from pytest_paoding.records.metrics import Direction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.budgets import Check, Judgement
    from pytest_paoding.records.results import GateResult

STEPS = 100
"""The grid is a hundredth wide."""
MOST_TRIALS = (STEPS - 1).bit_length() + 3
"""So many are tried at most."""
_CALM = 0.05  # strain that is as good as none: what samples tell by chance

_Tried = TypeVar("_Tried")


def largest(attempt: Callable[[float], _Tried], *, strain: Callable[[_Tried], float]) -> _Tried:
    """Return the attempt at the largest ratio that holds, or at the smallest if none does.

    Args:
        attempt: Tries a ratio.
        strain: Of what an attempt has found; at most 1 where a larger ratio may be tried.

    >>> largest(lambda ratio: ratio, strain=lambda ratio: ratio / 0.3)
    0.3
    >>> largest(lambda ratio: ratio, strain=lambda ratio: 2)
    0.01
    """
    low, high, best, least = 0, STEPS, None, None
    below, above = log(_CALM), inf  # log-strain at both ends
    held: bool | None = None
    for left in reversed(range(MOST_TRIALS)):
        if high - low <= 1:
            break
        reach = 1 << left  # as wide as what is left may be
        middle = _between(low, high, below, above)
        middle = min(max(middle, high - reach, low + 1), low + reach, high - 1)
        tried = attempt(middle / STEPS)
        found = log(max(strain(tried), _CALM))
        again, held = held is (found <= 0), found <= 0
        share = 0.5 if again else 1.0  # of an end that stays again (the Illinois rule)
        if held:
            low, below, best, above = middle, found, tried, share * above
        else:
            high, above, least, below = middle, found, tried, share * below
    chosen = least if best is None else best
    assert chosen is not None  # noqa: S101 - the grid has a middle
    return chosen


def _between(low: int, high: int, below: float, above: float) -> int:
    """Return where the log-strain is likely to be 0; the middle where nothing tells."""
    if not isfinite(above):
        return (low + high) // 2
    return low + round((high - low) * below / (below - above))


def strain_of(judged: Judgement | GateResult) -> float:
    """Return the strain of the limit that a larger ratio would miss first; above 1 where one is."""
    return max((_strain(check) for check in judged.checks if _directs(check)), default=0.0)


def _directs(check: Check) -> bool:
    return check.limit.level is Level.ERROR and not check.limit.metric.counted


def _strain(check: Check) -> float:
    """Return how much of the room that a limit leaves is taken: 0 as good as before, 1 all of it.

    Where a limit leaves no room, or nothing is known, it is 0 if it holds and infinite if not.
    """
    limit, found = check.limit, check.compared
    unknown = inf if check.fails else 0.0
    if found is None:
        return unknown
    best = _unpruned(check)
    room, taken = limit.value - best, found - best
    share = taken / room if room else unknown
    if check.fails:
        return share if share > 1 else inf
    return min(max(share, 0.0), 1.0)


def _unpruned(check: Check) -> float:
    """Return the value that a model would have from which nothing was removed."""
    measurement = check.measurement
    if measurement.before is not None and measurement.after == measurement.found:
        return measurement.before
    return 0.0 if check.limit.metric.direction is Direction.LOWER else 1.0
