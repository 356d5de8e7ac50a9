from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.records.budgets import Level, Limit, Outcome, Verdict, judge
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import BUDGETS, METRICS, Direction, Metric

DECAY, AGREEMENT = METRICS["accuracy_decay"], METRICS["agreement"]

numbers = st.floats(-10, 10) | st.integers(-10, 10)
levels = st.sampled_from(Level)


def test_the_budget_keys_are_those_of_the_product() -> None:
    assert set(BUDGETS) == {
        "max_accuracy_decay",
        "min_accuracy",
        "min_accuracy_retention",
        "min_agreement",
        "min_unlabelled_agreement",
        "max_unlabelled_divergence",
        "max_class_accuracy_decay",
        "max_slice_decay",
        "min_score",
        "max_score",
        "max_score_decay",
        "max_score_decay_relative",
        "min_score_retention",
        "max_divergence",
        "min_robust_accuracy",
        "min_robust_score",
        "max_robust_score",
        "min_robustness_retention",
        "min_robustness_overlap",
        "min_transfer_accuracy",
        "min_corruption_accuracy",
        "min_corruption_retention",
        "max_parameters",
        "min_parameters_removed",
        "max_size",
        "min_size_reduction",
        "max_flops",
        "min_flops_reduction",
        "max_activation_memory",
        "max_compressed_size",
        "min_synthetic_agreement",
        "max_output_divergence",
        "max_output_shift",
        "max_latency_ratio",
        "max_batch_latency_ratio",
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


def estimated(lost: int, samples: int) -> Measurement:
    evidence = Evidence(Contrast.DIFFERENCE, samples - lost, lost)
    return Measurement(found=lost / samples, evidence=evidence)


def test_with_a_confidence_the_bound_decides() -> None:
    found = {"accuracy_decay": estimated(2, 200)}
    (point,) = judge([Limit(DECAY, 0.03)], found).checks
    (bound,) = judge([Limit(DECAY, 0.03, confidence=0.95)], found).checks
    assert (point.verdict, point.uncertain) == (Verdict.PASSED, True)
    assert (bound.verdict, bound.uncertain) == (Verdict.MISSED, False)
    assert bound.compared == pytest.approx(estimated(2, 200).interval()[1])
    assert bound.distance == pytest.approx(bound.compared - 0.03)
    (enough,) = judge(
        [Limit(DECAY, 0.03, confidence=0.95)], {"accuracy_decay": estimated(20, 2000)}
    ).checks
    assert enough.verdict is Verdict.PASSED


def test_of_what_shall_be_high_the_lower_end_decides() -> None:
    evidence = Evidence(Contrast.SHARE, 98, 2)
    found = {"agreement": Measurement(found=0.98, evidence=evidence)}
    (check,) = judge([Limit(AGREEMENT, 0.95, confidence=0.9)], found).checks
    assert check.compared == evidence.interval(0.9)[0] < 0.95
    assert check.verdict is Verdict.MISSED


def test_a_confidence_in_what_has_no_interval_is_unjudged() -> None:
    (check,) = judge(
        [Limit(DECAY, 0.03, confidence=0.95)], {"accuracy_decay": Measurement(found=0.0)}
    ).checks
    assert check.verdict is Verdict.UNJUDGED
    assert check.measurement.reason.startswith("no interval is known")


@given(st.integers(0, 50), st.integers(50, 400), st.floats(0, 1), st.floats(0.5, 0.99))
def test_a_confidence_only_ever_makes_a_gate_stricter(
    lost: int, samples: int, limit: float, confidence: float
) -> None:
    found = {"accuracy_decay": estimated(lost, samples)}
    outcomes = [
        judge([Limit(DECAY, limit, confidence=sure)], found).outcome for sure in (None, confidence)
    ]
    assert outcomes[0] is Outcome.WITHIN_BUDGET or outcomes[1] is Outcome.OVER_BUDGET
