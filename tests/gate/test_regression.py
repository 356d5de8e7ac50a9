from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.gate.notes import notes
from pytest_paoding.gate.regression import regressions
from pytest_paoding.records.baseline import UPDATE, Entry
from pytest_paoding.records.budgets import Check, Limit, judge
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import ASSUMED, Measurement
from pytest_paoding.records.metrics import LIMITS, REGRESSIONS
from pytest_paoding.records.text.quantities import Unit, read


def found(old: dict[str, float], new: dict[str, float]) -> dict[str, Measurement]:
    return regressions(Entry(old), Entry(new), missing="")


@pytest.mark.parametrize(
    ("metric", "old", "new", "name", "expected"),
    (
        ("accuracy", 0.9, 0.85, "accuracy_drop", 0.05),
        ("accuracy", 0.85, 0.9, "accuracy_drop", -0.05),
        ("agreement", 0.9, 0.9, "agreement_drop", 0.0),
        ("size", 1000, 1100, "size_increase", 0.1),
        ("parameters", 1000, 500, "parameters_increase", -0.5),
        ("flops", 4, 6, "flops_increase", 0.5),
    ),
)
def test_how_much_worse(metric: str, old: float, new: float, name: str, expected: float) -> None:
    measured = found({metric: old}, {metric: new})[name]
    assert measured.found == pytest.approx(expected, abs=1e-12)
    assert (measured.before, measured.after) == (old, new)


def test_the_worst_strength_of_the_attack_counts() -> None:
    old = {"robust_accuracy@0.01": 0.8, "robust_accuracy@0.05": 0.6}
    measured = found(old, {"robust_accuracy@0.01": 0.7, "robust_accuracy@0.05": 0.55})
    assert measured["robustness_drop"].found == pytest.approx(0.1)
    assert measured["robustness_drop"].detail == "robust_accuracy@0.01 against the baseline"
    missing = found(old, {"robust_accuracy@0.01": 0.7})["robustness_drop"]
    assert (missing.found, missing.reason) == (None, "robust accuracy @0.05 was not measured now")


def test_what_cannot_be_compared_is_undefined_and_says_why() -> None:
    absent = regressions(None, Entry({"size": 3}), missing="no entry")
    assert {each.reason for each in absent.values()} == {"no entry"}
    assert found({}, {"size": 3})["size_increase"].reason == "the baseline has no size"
    assert found({"flops": 0}, {"flops": 3})["flops_increase"].reason == "the baseline's value is 0"


def test_what_is_undefined_now_is_undefined_against_the_baseline_for_the_same_reason() -> None:
    why = "Own 'mine' is of a kind whose work is not known: FLOPs of a sample are undefined"
    new = Entry.of_metrics({"flops": Measurement(reason=why), "size": Measurement(found=3)})
    against = regressions(Entry({"flops": 4, "size": 3}), new, missing="")
    assert against["flops_increase"] == Measurement(before=4, reason=f"flops: {why}")
    assert against["size_increase"].found == 0
    without = regressions(Entry({"size": 3}), new, missing="")["flops_increase"]
    assert without.reason == f"the baseline has no flops; now: {why}"
    assert new.to_dict() == Entry({"size": 3}).to_dict()


@given(st.floats(0.001, 1e6))
def test_a_gate_never_regresses_from_itself(value: float) -> None:
    metrics = {name: Measurement(found=value) for name in ("accuracy", "size", "flops")}
    entry = Entry.of_metrics(metrics)
    measured = regressions(entry, entry, missing="")
    assert set(measured) == {metric.name for metric in REGRESSIONS.values()}
    assert {each.found for each in measured.values()} == {0.0, None}


def checks(**limits: tuple[float, float]) -> tuple[Check, ...]:
    """Return checks from budget=(limit, found)."""
    given_limits = [Limit(LIMITS[key], limit) for key, (limit, _) in limits.items()]
    measured = {LIMITS[key].name: Measurement(found=value) for key, (_, value) in limits.items()}
    return judge(given_limits, measured).checks


@pytest.mark.parametrize(
    ("given_checks", "line"),
    (
        ({"max_size": (300_000, 213_400)}, "max_size could be 220.0 kB, it is 300.0 kB"),
        ({"max_parameters": (100, 79)}, "max_parameters could be 79, it is 100"),
        (
            {"min_parameters_removed": (0.25, 0.746)},
            "min_parameters_removed could be 74%, it is 25.0%",
        ),
        (
            {"max_size_increase": (0.02, -0.1)},
            f"size is better than the baseline by 10.0%: accept it with {UPDATE}=all",
        ),
        (
            {"max_accuracy_drop": (0.0, -0.0214)},
            f"accuracy is better than the baseline by 0.0214: accept it with {UPDATE}=all",
        ),
    ),
)
def test_improvements_are_told(given_checks: dict[str, tuple[float, float]], line: str) -> None:
    assert notes(checks(**given_checks), {}, old=None, new=Entry({})) == (line,)


@pytest.mark.parametrize(
    "given_checks",
    (
        {"max_size": (300_000, 240_000)},
        {"max_size": (300_000, 310_000)},
        {"min_parameters_removed": (0.25, 0.3)},
        {"max_accuracy_decay": (0.03, 0.0)},
        {"max_size_increase": (0.02, -0.02)},
        {"max_size_increase": (0.02, 0.01)},
        {"max_size": (3, float("nan"))},
    ),
)
def test_small_and_sampled_improvements_are_not(
    given_checks: dict[str, tuple[float, float]],
) -> None:
    assert notes(checks(**given_checks), {}, old=None, new=Entry({})) == ()


def test_too_few_samples_are_told() -> None:
    evidence = Evidence(Contrast.DIFFERENCE, 196, 4)
    measured = {"accuracy_decay": Measurement(found=0.02, evidence=evidence)}
    limit = LIMITS["max_accuracy_decay"]
    unsure = judge([Limit(limit, 0.03)], measured).checks
    assert notes(unsure, {}, old=None, new=Entry({})) == (
        "accuracy decay: 200 samples are too few to tell 0.0200 from 0.0300",
    )
    clear = judge([Limit(limit, 0.2)], measured).checks
    asked = judge([Limit(limit, 0.03, confidence=0.95)], measured).checks
    for told in (clear, asked):
        assert notes(told, {}, old=None, new=Entry({})) == ()


@pytest.mark.parametrize(
    ("samples", "counted"), ((1, "1 sample is"), (2, "2 samples are"), (20, "20 samples are"))
)
def test_the_number_of_samples_is_told_in_plain_words(samples: int, counted: str) -> None:
    evidence = Evidence(Contrast.DIFFERENCE, samples, 0)
    measured = {"accuracy_decay": Measurement(found=0.0, evidence=evidence)}
    unsure = judge([Limit(LIMITS["max_accuracy_decay"], 0.03)], measured).checks
    (line,) = notes(unsure, {}, old=None, new=Entry({}))
    assert line.startswith(f"accuracy decay: {counted} too few to tell ")


def test_a_suggested_limit_holds() -> None:
    for value in (1, 7, 79, 101, 99_999, 213_400, 10**9 + 1):
        (line,) = notes(checks(max_size=(10**10, value)), {}, old=None, new=Entry({}))
        suggested = read(line.removeprefix("max_size could be ").partition(",")[0], Unit.BYTES)
        assert value <= suggested <= 1.11 * value


def test_a_foreign_environment_is_flagged() -> None:
    old = Entry({}, {}, {"tensorflow": "2.18.0"})
    new = Entry({}, {}, {"tensorflow": "2.21.0"})
    assert notes((), {}, old=old, new=new) == (
        "the baseline was made with tensorflow 2.18.0, here 2.21.0",
    )


@pytest.mark.parametrize(
    ("names", "far"),
    ((("synthetic_agreement", "output_divergence"), 0.5), (("agreement", "divergence"), 1.0)),
)
@pytest.mark.parametrize(
    ("alike", "beyond", "said"), ((0.97, 0.1, 1), (0.94, 0.1, 0), (1.0, 0.0, 0))
)
def test_agreement_by_chance_is_noted(names, far, alike, beyond, said):
    answers, outputs = names
    measured = {
        answers: Measurement(found=alike),
        outputs: Measurement(found=far + beyond),
    }
    found = notes((), measured, old=None, new=Entry({}))
    assert len(found) == said
    assert all("alike by chance" in line for line in found)
    unknown = {**measured, outputs: Measurement(reason="no numbers")}
    assert notes((), unknown, old=None, new=Entry({})) == ()


@pytest.mark.parametrize(
    ("robust", "limit", "said"),
    (
        ({"0.01": (0.9, 0.8), "0.05": (0.9, 0.8)}, "min_robustness_retention", 1),
        ({"0.05": (0.9, 0.8)}, "min_robust_accuracy", 1),
        ({"0.05": (0.9, 0.8), "0.05@onnx": (0.9, 0.7)}, "min_robustness_overlap", 1),
        ({"0.01": (0.9, 0.8), "0.05": (0.9, 0.79)}, "min_robustness_retention", 0),
        ({"0.01": (0.89, 0.8)}, "min_robustness_retention", 0),
        ({"0.01": (None, None)}, "min_robustness_retention", 0),
        ({}, "min_robustness_retention", 0),
        ({"0.01": (0.9, 0.8)}, "min_accuracy", 0),
    ),
)
def test_an_attack_that_fools_nothing_is_noted(robust, limit, said):
    measured = {
        "accuracy": Measurement(0.9, 0.8, 0.8),
        "robustness_retention": Measurement(0.9, 0.8, 0.8 / 0.9),
        "robustness_overlap": Measurement(found=0.9),
        **{f"robust_accuracy@{at}": Measurement(*pair, pair[1]) for at, pair in robust.items()},
    }
    checked = judge([Limit(LIMITS[limit], 0.5)], measured).checks
    found = notes(checked, measured, old=None, new=Entry({}))
    assert len(found) == said
    assert all("tells no more than accuracy: at epsilon 0.0" in line for line in found)
    assert notes(checked, {}, old=None, new=Entry({})) == ()


@pytest.mark.parametrize(("detail", "said"), ((f"512 inputs, {ASSUMED}", 1), ("512 inputs", 0)))
def test_what_holds_in_an_assumed_range_only_is_noted(detail, said):
    measured = {"synthetic_agreement": Measurement(found=0.97, detail=detail)}
    checked = judge([Limit(LIMITS["min_synthetic_agreement"], 0.95)], measured).checks
    found = notes(checked, measured, old=None, new=Entry({}))
    assert len(found) == said
    assert all("in a range that is assumed" in line for line in found)
