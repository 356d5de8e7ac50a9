"""The schedule removes exactly what was asked, whatever the step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.engine.pruning.constraints import Quota
from pytest_paoding.engine.pruning.schedule import Schedule

ratios = st.floats(0.0, 0.999)
steps = st.floats(0.005, 1.0)
widths = st.integers(1, 5000)


def quota(ratio, width):
    return Quota(min(round(ratio * width), width - 1), share=ratio)


@given(ratios, steps, widths)
def test_the_last_round_has_removed_the_share_that_was_asked(ratio, step, width):
    schedule = Schedule(ratio, step)
    if schedule.rounds:
        assert schedule.removed(width, quota(ratio, width), schedule.rounds) == min(
            round(ratio * width), width - 1
        )
    else:
        assert ratio == 0


@given(ratios, steps, widths)
def test_rounds_never_give_back_and_never_take_the_last_unit(ratio, step, width):
    schedule = Schedule(ratio, step)
    gone = [0] + [
        schedule.removed(width, quota(ratio, width), number + 1)
        for number in range(schedule.rounds)
    ]
    assert gone == sorted(gone)
    assert gone[-1] < width


def test_sixty_four_units_lose_half_in_twenty_rounds():
    # The original tool rounds up in every round: 44 of 64 units at a step of 0.05.
    schedule = Schedule(0.5, 0.025)
    assert schedule.rounds == 20
    assert schedule.removed(64, quota(0.5, 64), 20) == 32
    assert Schedule(0.5, 0.05).removed(64, quota(0.5, 64), 10) == 32


def test_a_group_with_a_quota_of_its_own_reaches_it_in_the_same_rounds():
    schedule = Schedule(0.5, 0.1)
    assert [schedule.removed(20, Quota(2, share=0.1), number) for number in range(1, 6)] == [
        0,
        1,
        1,
        2,
        2,
    ]


def test_no_round_exceeds_a_quota_that_a_constraint_has_cut():
    assert Schedule(0.5, 0.1).removed(20, Quota(4, "round_to", share=0.5), 4) == 4
