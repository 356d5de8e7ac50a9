"""How long each part of the work took adds up to how long the whole took."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.gate.stopwatch import REST, Stopwatch

STEPS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)))


@given(STEPS, st.integers(0, 1000))
def test_every_second_counts_for_what_was_reported_next(steps, left):
    with pytest.MonkeyPatch.context() as patch:
        now = 5.0
        patch.setattr(time, "perf_counter", lambda: now)
        heard = []
        watch = Stopwatch(lambda *told: heard.append(told))
        watch._last = now
        for number, (what, seconds) in enumerate(steps):
            now += seconds
            watch(what, number, len(steps))
        now += left
        spent = watch.stop()
    wanted = {what: sum(s for name, s in steps if name == what) for what, _ in steps}
    assert spent == pytest.approx({**wanted, REST: left})
    assert heard == [(what, at, len(steps)) for at, (what, _) in enumerate(steps)]


def test_it_needs_nobody_to_tell():
    watch = Stopwatch()
    watch("pruning", 1, 2)
    assert list(watch.stop()) == ["pruning", REST]
