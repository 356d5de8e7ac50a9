"""What an effort allows for."""

from __future__ import annotations

import pytest

from pytest_paoding.engine.pruning.learning.budget import Budget


@pytest.mark.parametrize("effort", ("quick", "standard", 7.5))
def test_those_who_share_an_effort_look_alike_for_inputs_and_divide_the_rest(effort):
    alone, shared = Budget.of(effort), Budget.of(f"{effort}/5")
    assert shared.seconds == alone.seconds
    assert shared.breeding == alone.breeding
    assert shared.moving == alone.moving
    for spent in (0.0, 1e11):
        assert shared.course(spent).work == pytest.approx(alone.course(spent).work / 5)
    assert Budget.of(f"{effort}/1").course(1e11) == alone.course(1e11)


def test_what_was_overdrawn_is_not_owed():
    assert Budget.of("1/2").course(1e15).work == 0


@pytest.mark.parametrize(("effort", "times"), (("quick", 1), ("standard", 1), (240, 2)))
def test_four_times_as_many_steps_go_over_inputs_of_many_kinds(effort, times):
    budget = Budget.of(effort)
    assert budget.course(0).steps == 2000 * times
    assert budget.course(0, doubtful=True).steps == 8000 * times
    assert budget.course(0, doubtful=True).work == budget.course(0).work
