from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.budgets import (
    BUDGETS,
    METRICS,
    Direction,
    Level,
    Limit,
    Metric,
    Outcome,
    Verdict,
    judge,
)
from pytest_paoding.evaluation.measurement import Measurement

DECAY, AGREEMENT = METRICS["accuracy_decay"], METRICS["agreement"]

numbers = st.floats(-10, 10) | st.integers(-10, 10)
levels = st.sampled_from(Level)


def test_the_budget_keys_are_those_of_the_product() -> None:
    assert set(BUDGETS) == {
        "max_accuracy_decay",
        "min_accuracy",
        "min_accuracy_retention",
        "min_agreement",
        "min_robust_accuracy",
        "min_robustness_retention",
        "min_robustness_overlap",
        "max_parameters",
        "min_parameters_removed",
        "max_size",
        "min_size_reduction",
        "max_flops",
        "min_flops_reduction",
    }


@pytest.mark.parametrize("metric", (DECAY, AGREEMENT), ids=lambda metric: metric.operator)
def test_exactly_at_the_limit_passes(metric: Metric) -> None:
    judgement = judge([Limit(metric, 0.25)], {metric.name: Measurement(found=0.25)})
    assert judgement.outcome is Outcome.WITHIN_BUDGET


@pytest.mark.parametrize(
    ("metric", "found"),
    ((DECAY, math.nextafter(0.25, 1)), (AGREEMENT, math.nextafter(0.25, 0))),
)
def test_the_next_number_beyond_the_limit_misses(metric: Metric, found: float) -> None:
    judgement = judge([Limit(metric, 0.25)], {metric.name: Measurement(found=found)})
    assert judgement.outcome is Outcome.OVER_BUDGET
    assert judgement.checks[0].distance == pytest.approx(abs(found - 0.25))


def test_a_negative_decay_passes() -> None:
    judgement = judge([Limit(DECAY, 0.0)], {"accuracy_decay": Measurement(found=-0.01)})
    assert judgement.outcome is Outcome.WITHIN_BUDGET
    assert judgement.checks[0].distance == 0


@pytest.mark.parametrize(
    "measurements",
    (
        {},
        {"accuracy_decay": Measurement(reason="no labels")},
        {"accuracy_decay": Measurement(found=math.nan)},
        {"accuracy_decay": Measurement(found=-math.inf)},
    ),
)
def test_what_is_missing_or_not_finite_never_passes(measurements: dict[str, Measurement]) -> None:
    judgement = judge([Limit(DECAY, 1.0)], measurements)
    assert judgement.outcome is Outcome.UNJUDGED
    assert judgement.checks[0].verdict is Verdict.UNJUDGED


def test_no_budget_is_no_pass() -> None:
    found = {"accuracy_decay": Measurement(found=0.0)}
    assert judge([], found).outcome is Outcome.UNJUDGED
    assert judge([Limit(DECAY, 1.0, Level.OFF)], found).outcome is Outcome.UNJUDGED


def test_one_undefined_budget_outweighs_a_missed_one() -> None:
    limits = [Limit(DECAY, 0.0), Limit(AGREEMENT, 0.5)]
    judgement = judge(limits, {"accuracy_decay": Measurement(found=0.5)})
    assert judgement.outcome is Outcome.UNJUDGED
    assert [check.verdict for check in judgement.checks] == [Verdict.MISSED, Verdict.UNJUDGED]


def test_a_metric_per_attack_strength_is_checked_at_each() -> None:
    limit = Limit(METRICS["robust_accuracy"], 0.5)
    found = {"robust_accuracy@0.01": Measurement(found=0.6), "robust_accuracy@0.1": Measurement()}
    judgement = judge([limit], found)
    assert [check.name for check in judgement.checks] == list(found)
    assert judgement.outcome is Outcome.UNJUDGED
    assert [check.name for check in judge([limit], {}).checks] == ["robust_accuracy"]


@given(
    st.lists(st.builds(Limit, st.sampled_from(list(METRICS.values())), numbers, levels)),
    st.dictionaries(
        st.sampled_from([*METRICS, "robust_accuracy@0.1", "other"]),
        st.builds(Measurement, found=st.none() | numbers | st.just(math.nan)),
    ),
)
def test_the_outcome_follows_from_the_error_level_checks_alone(
    limits: list[Limit], found: dict[str, Measurement]
) -> None:
    judgement = judge(limits, found)
    serious = [check for check in judgement.checks if check.limit.level is Level.ERROR]
    verdicts = {check.verdict for check in serious}
    assert (judgement.outcome is Outcome.WITHIN_BUDGET) == (
        bool(judgement.checks) and verdicts <= {Verdict.PASSED}
    )
    assert (judgement.outcome is Outcome.OVER_BUDGET) == (
        Verdict.MISSED in verdicts and Verdict.UNJUDGED not in verdicts
    )
    assert {check.limit.metric.key for check in judgement.checks} == {
        limit.metric.key for limit in limits if limit.level is not Level.OFF
    }


@given(numbers, numbers, st.sampled_from(Direction))
def test_a_better_value_never_turns_a_pass_into_a_miss(
    found: float, limit: float, direction: Direction
) -> None:
    metric = Metric("anything", direction)
    better = found - 1 if direction is Direction.LOWER else found + 1
    verdict, improved = (
        judge([Limit(metric, limit)], {"anything": Measurement(found=value)}).checks[0].verdict
        for value in (found, better)
    )
    assert verdict is Verdict.MISSED or improved is Verdict.PASSED
