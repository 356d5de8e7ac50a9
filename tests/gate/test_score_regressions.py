"""What gets worse than a baseline in scores, in files, and in metrics of somebody's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.gate.notes import notes
from pytest_paoding.gate.regression import Comparison, regressions
from pytest_paoding.records.baseline import UPDATE, Baseline, Entry
from pytest_paoding.records.budgets import Limit, Outcome, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import REGRESSIONS, Direction, Metric
from pytest_paoding.records.text.printing import title
from support.fake_engine import FakeModel
from support.gates import MODEL, run

if TYPE_CHECKING:
    from pathlib import Path

OLD = {
    "score@mask/mean_iou": 0.8,
    "error@mae": 0.5,
    "error@mae@tflite-int8": 0.6,
    "score@recall@3": 0.7,
    "robust_error@mae@0.1": 1.0,
    "robust_error@mae@0.2": 2.0,
    "robust_score@recall@3@0.1@onnx": 0.5,
    "accuracy@onnx": 0.9,
    "robust_accuracy@0.1@onnx": 0.6,
    "size@onnx": 1000,
    "divergence": 0.1,
    "f1": 0.9,
    "seconds": 3.0,
}
BETTER = {"f1": "higher", "seconds": "lower"}


def found(**changes: float) -> dict[str, Measurement]:
    """Return the regressions after some changes to the old values."""
    new = {**OLD, **changes}
    return regressions(Entry(OLD), Entry(new, better=BETTER), missing="")


@pytest.mark.parametrize(
    ("metric", "value", "name", "expected"),
    (
        ("score@mask/mean_iou", 0.75, "score_drop@mask/mean_iou", 0.05),
        ("error@mae", 0.75, "score_drop@mae", 0.25),
        ("error@mae", 0.25, "score_drop@mae", -0.25),
        ("error@mae@tflite-int8", 0.7, "score_drop@mae@tflite-int8", 0.1),
        ("score@recall@3", 0.5, "score_drop@recall@3", 0.2),
        ("robust_error@mae@0.2", 2.5, "robust_score_drop@mae", 0.5),
        ("robust_score@recall@3@0.1@onnx", 0.4, "robust_score_drop@recall@3@onnx", 0.1),
        ("accuracy@onnx", 0.85, "accuracy_drop@onnx", 0.05),
        ("robust_accuracy@0.1@onnx", 0.5, "robustness_drop@onnx", 0.1),
        ("size@onnx", 1100, "size_increase@onnx", 0.1),
        ("divergence", 0.3, "divergence_increase", 0.2),
        ("f1", 0.8, "metric_drop@f1", 0.1),
        ("seconds", 4.0, "metric_drop@seconds", 1.0),
    ),
)
def test_how_much_worse_in_its_own_unit(
    metric: str, value: float, name: str, expected: float
) -> None:
    measured = found(**{metric: value})[name]
    assert measured.found == pytest.approx(expected, abs=1e-12)
    assert (measured.before, measured.after) == (OLD[metric], value)
    assert {each.found for key, each in found().items() if key != name} <= {0.0, None}


def test_a_score_of_one_class_is_named_as_it_is_typed() -> None:
    for metric in ("robust_score_drop", "score_decay", "score"):
        assert title(f"{metric}@recall@3@onnx").endswith(" @recall@3 @onnx")
    assert title("robust_error@box/mae@0.1@onnx") == "robust error @box/mae @0.1 @onnx"


def test_small_scores_are_compared_in_their_digits() -> None:
    old, new = Entry({"error@mse": 1.25e-8}), Entry({"error@mse": 1.5e-8})
    assert regressions(old, new, missing="")["score_drop@mse"].found == 2.5e-9


def compared(limit: Limit, new: Entry, old: Entry | None = None) -> dict[str, Measurement]:
    """Return what a gate with one limit finds."""
    entries = {} if old is None else {"net": old}
    baseline = Baseline(None, "b.json", entries)  # type: ignore[arg-type]
    return Comparison.of(baseline, "net", [limit], update=None)(new)


@pytest.mark.parametrize(
    ("key", "options", "old", "reason"),
    (
        ("max_score_drop", {}, {"size": 3}, "the baseline has no score"),
        ("max_score_drop", {"part": "auc"}, OLD, "the baseline has no score @auc"),
        (
            "max_score_drop",
            {"part": "auc", "file_format": "tflite"},
            OLD,
            "the baseline has no score @auc @tflite",
        ),
        ("max_accuracy_drop", {"file_format": "tflite"}, OLD, "the baseline has no accuracy @tfl"),
        ("max_metric_drop", {"part": "ap"}, OLD, "the baseline has no metric @ap"),
        ("max_metric_drop", {}, {"size": 3}, "the baseline has no metric of your own"),
        ("max_score_drop", {"part": "mae"}, None, "b.json has no entry net: write it with"),
        ("max_divergence_increase", {}, None, "b.json has no entry net: write it with"),
    ),
)
def test_what_cannot_be_compared_is_unjudged_and_says_why(
    key: str, options: dict[str, str], old: dict[str, float] | None, reason: str
) -> None:
    limit = Limit(REGRESSIONS[key], 0.1, **options)  # type: ignore[arg-type]
    entry = None if old is None else Entry(old)
    measured = compared(limit, Entry({"size": 3}), entry)
    judgement = judge([limit], measured)
    assert judgement.outcome is Outcome.UNJUDGED
    assert (judgement.checks[0].measurement.reason or "").startswith(reason)


def test_a_metric_of_unknown_direction_is_unjudged() -> None:
    """As an engine of somebody's own measures it."""
    limit = Limit(REGRESSIONS["max_metric_drop"], 0.1, part="f1")
    measured = compared(limit, Entry({"f1": 0.5}), Entry({"f1": 0.9}))
    assert "nothing says which values of f1 are better" in str(measured["metric_drop@f1"].reason)


def test_a_score_that_is_new_or_gone_is_unjudged() -> None:
    limit = Limit(REGRESSIONS["max_score_drop"], 0.1)
    old, new = Entry({"error@mae": 0.5, "score@r2": 0.5}), Entry({"score@r2": 0.5, "score@f1": 0.5})
    measured = compared(limit, new, old)
    reasons = {name: each.reason for name, each in measured.items()}
    assert reasons == {
        "score_drop@mae": "error @mae was not measured now",
        "score_drop@r2": None,
        "score_drop@f1": "the baseline has no score @f1",
    }
    assert judge([limit], measured).outcome is Outcome.UNJUDGED


def test_an_improvement_names_the_score_as_it_is_typed() -> None:
    limit = Limit(REGRESSIONS["max_score_drop"], 0.1, part="mean_iou")
    measured = compared(limit, Entry({"score@mean_iou": 0.9}), Entry({"score@mean_iou": 0.5}))
    checks = judge([limit], measured).checks
    assert notes(checks, {}, old=None, new=Entry({})) == (
        f"score @mean_iou is better than the baseline by 0.4: accept it with {UPDATE}=all",
    )


def test_a_gate_is_held_to_what_its_own_engine_and_hook_have_found(tmp_path: Path) -> None:
    """A limit on a metric says which of its values are better, so an engine may measure it."""
    own = Metric("own", Direction.HIGHER)
    model = FakeModel(MODEL.layers, {"scores": {"own": (0.9, 0.7), "error@mae": (0.1, 0.2)}})
    entry = Entry({"own": 0.9, "error@mae": 0.2, "hooked": 5.0})
    limits = (
        Limit(own, 0.5),
        Limit(REGRESSIONS["max_score_drop"], 0.0),
        Limit(REGRESSIONS["max_metric_drop"], 0.1),
    )
    baseline = Baseline(tmp_path, "b.json", {"net": entry})
    result = run(
        tmp_path,
        *limits,
        model=model,
        measure_more=lambda *_: {Metric("hooked", Direction.LOWER): Measurement(found=4.0)},
        compare=Comparison.of(baseline, "net", limits, update=None),
    ).result
    assert result.better == {"own": "higher", "hooked": "lower"}
    assert result.grounds == "metric drop @own 0.2 > 0.1"
    assert result.metrics["metric_drop@hooked"].found == -1.0
    assert result.metrics["score_drop@mae"].found == 0.0
    assert Entry.from_result(result).metrics["hooked"] == 4.0
