"""Speed claims are ratios: both sides run in turn, so that a slow machine slows both.

The fastest round of each side counts: noise only ever adds.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def ratio(benchmark: Any) -> Callable[..., float]:
    """Return a function that returns how many times as long `ours` takes as `theirs`."""

    def measure(
        ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int = 7
    ) -> float:
        seconds: list[float] = []

        def time_theirs() -> None:
            started = perf_counter()
            theirs()
            seconds.append(perf_counter() - started)

        benchmark.pedantic(ours, setup=time_theirs, rounds=rounds, warmup_rounds=1)
        if benchmark.stats is None:
            pytest.skip("benchmarks are disabled")
        found = benchmark.stats.stats.min / min(seconds)
        benchmark.extra_info |= {"other": min(seconds), "ratio": found}
        return found

    return measure
