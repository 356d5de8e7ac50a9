"""Tasks, scores and limits on scores, as settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.bounds import Bound, read_bound
from pytest_paoding.config.score_values import scores, task
from pytest_paoding.config.tables import keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.budgets import Level, Limit, Outcome, judge
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import BUDGETS, Direction
from pytest_paoding.records.text.jsonable import plain_value
from support.setting_files import BASE, loaded

if TYPE_CHECKING:
    from pathlib import Path

DECAY = BUDGETS["max_score_decay"]


@pytest.mark.parametrize(
    ("given", "found"),
    (
        ("regression", "regression"),
        ({"mask": "positions"}, {"mask": "positions"}),
        ("mask=positions,kind=classes", {"mask": "positions", "kind": "classes"}),
    ),
)
def test_a_task_is_a_word_or_one_for_each_output(given: Any, found: Any) -> None:
    assert task(given) == found


@pytest.mark.parametrize("given", ("clustering", 3, None, {}, ["classes"], {"a": 1}, True))
def test_other_tasks_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="is not one of classes, binary, multilabel, positions"):
        task(given)


@pytest.mark.parametrize(
    ("given", "found"),
    (
        ("rmse", ("rmse",)),
        ("rmse, r2", ("rmse", "r2")),
        (["f1", "metrics:peak=lower"], ("f1", "metrics:peak=lower")),
    ),
)
def test_scores_are_names_or_references(given: Any, found: Any) -> None:
    assert scores(given) == found


@pytest.mark.parametrize(
    ("given", "message"),
    (
        ([], "is not a list of scores"),
        (3, "is not a list of scores"),
        ([3], "is not the name of a score"),
        ("", "is not the name of a score"),
        ("a,,b", "is not the name of a score"),
        (["f1", "f1"], "names a score twice"),
        (["m:f1", "f1"], "names a score twice"),
        ("f1=better", "'better' is not one of lower, higher"),
    ),
)
def test_other_scores_are_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scores(given)


def test_a_reference_names_a_score_by_its_last_part() -> None:
    asked = AskedFor.read("team.metrics:peak_error=lower")
    assert (asked.name, asked.target) == ("peak_error", "team.metrics:peak_error")
    assert asked.direction is Direction.LOWER
    assert AskedFor.read("f1") == AskedFor("f1")


def test_a_score_of_all_outputs_together_is_asked_for_by_a_word_before_it() -> None:
    asked = AskedFor.read("joint:team.metrics:found=higher")
    assert asked == AskedFor("found", "team.metrics:found", Direction.HIGHER, joint=True)
    module = AskedFor.read("joint:found=higher")  # a module may have that name
    assert module == AskedFor("found", "joint:found", Direction.HIGHER)
    assert scores("joint:m:a=higher, mae") == ("joint:m:a=higher", "mae")
    with pytest.raises(ValueError, match="names a score twice"):
        scores(["joint:m:f1=higher", "f1"])


def test_code_may_ask_for_what_no_file_can_hold() -> None:
    live = AskedFor("found", len, Direction.HIGHER, joint=True)
    assert scores([live, "mae"]) == (live, "mae")
    assert scores(live) == (live,)
    assert plain_value(scores([live, "mae"])) == ["found", "mae"]
    with pytest.raises(ValueError, match="names a score twice"):
        scores([live, "found"])
    layer = keywords({"score": [live]}, where="paoding", source="call")
    assert layer["score"].value == (live,)


def test_a_limit_is_one_for_all_scores_or_one_for_each_by_name() -> None:
    assert read_bound(0.1, DECAY) == Bound(0.1)
    assert read_bound({"limit": 0.1, "level": "warn"}, DECAY) == Bound(0.1, Level.WARN)
    by_name = {"mae": Bound(0.1), "r2": Bound(0.02, Level.WARN)}
    assert read_bound({"mae": 0.1, "r2": {"limit": 0.02, "level": "warn"}}, DECAY) == by_name
    assert read_bound("mae=0.1,box/r2=0.02", DECAY) == {"mae": Bound(0.1), "box/r2": Bound(0.02)}
    with pytest.raises(ValueError, match="names no score"):
        read_bound({}, DECAY)
    with pytest.raises(ValueError, match="unknown key"):
        read_bound({"mae": 0.1}, BUDGETS["max_accuracy_decay"])


def test_limits_of_a_file_reach_the_gate(tmp_path: Path) -> None:
    text = BASE + (
        "[tool.paoding.models.b]\npath = 'b'\nscore = ['mae', 'r2']\ntask = 'regression'\n"
        "formats = ['tflite']\n"
        "[tool.paoding.models.b.budget]\nmax_score = { mae = 0.5 }\nmin_score_retention = 0.9\n"
        "max_score_decay = { mae = 0.1, r2 = 'off' }\n"
        "[tool.paoding.models.b.budget.tflite]\nmax_score_decay = { mae = 0.2 }\n"
    )
    gate = loaded(tmp_path, text).gate(model="b")
    assert gate.judging["score"] == ("mae", "r2")
    assert gate.judging["task"] == "regression"
    assert {limit.key: limit.value for limit in gate.limits if "score" in limit.key} == {
        "min_score_retention": 0.9,
        "max_score@mae": 0.5,
        "max_score_decay@mae": 0.1,
        "max_score_decay@mae@tflite": 0.2,
    }


def test_limits_of_the_model_come_before_those_of_its_files(tmp_path: Path) -> None:
    text = BASE + (
        "[tool.paoding.models.b]\npath = 'b'\nformats = ['tflite', 'onnx']\n"
        "[tool.paoding.models.b.budget]\nmax_size = '1 MB'\n"
        "max_score_decay = { r2 = 0.1, mae = 0.1 }\nmax_accuracy_decay = 0.1\n"
        "onnx = { max_score_decay = 0.2 }\ntflite = { max_score_decay = { mae = 0.2 } }\n"
    )
    assert [limit.key for limit in loaded(tmp_path, text).gate(model="b").limits] == [
        "max_accuracy_decay",
        "max_score_decay@mae",
        "max_score_decay@r2",
        "min_robustness_retention",
        "max_size",
        "max_score_decay@mae@tflite",
        "max_score_decay@onnx",
    ]


WORSE = "max_score_drop = { mae = 0.1 }\nmax_metric_drop = { f1 = 0.2 }\n"


def test_regressions_are_limited_by_name_and_of_files(tmp_path: Path) -> None:
    text = BASE.replace("[tool.paoding]", "[tool.paoding]\nbaseline = 'b.json'", 1) + (
        "[tool.paoding.models.b]\npath = 'b'\nformats = ['tflite']\n"
        f"[tool.paoding.models.b.regression]\n{WORSE}max_divergence_increase = 0.3\n"
        "[tool.paoding.models.b.regression.tflite]\nmax_score_drop = { mae = 0.4 }\n"
        "max_size_increase = '5%'\n"
    )
    gate = loaded(tmp_path, text).gate(model="b")
    assert {limit.key: limit.value for limit in gate.limits if limit.source.endswith("b]")} == {
        "max_score_drop@mae": 0.1,
        "max_metric_drop@f1": 0.2,
        "max_divergence_increase": 0.3,
        "max_score_drop@mae@tflite": 0.4,
        "max_size_increase@tflite": 0.05,
    }


@pytest.mark.parametrize(
    ("table", "message"),
    (
        ("max_parameters_increase = 0.1", "max_parameters_increase: unknown key"),
        ("max_size = 3", "max_size: unknown key"),
        ("max_score_drop = {}", "max_score_drop: names no score"),
    ),
)
def test_what_is_no_regression_of_a_file_is_refused(
    tmp_path: Path, table: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        loaded(tmp_path, f"{BASE}[tool.paoding.regression.tflite]\n{table}\n")
    assert "[tool.paoding.regression.tflite]" in str(caught.value)


def test_a_regression_of_a_file_that_nothing_exports_is_refused(tmp_path: Path) -> None:
    text = f"{BASE}[tool.paoding.regression.tflite]\nmax_size_increase = 0.1\n"
    with pytest.raises(ConfigError, match="nothing is exported as tflite: add it to formats"):
        loaded(tmp_path, text)


def test_one_keyword_holds_all_limits_of_a_format() -> None:
    limits = {"max_size": 9, "max_size_increase": 0.1, "max_score_drop": {"mae": 0.2}}
    layer = keywords({"tflite_int8": limits}, where="paoding", source="call")
    assert sorted(layer) == [
        "max_score_drop@mae@tflite-int8",
        "max_size@tflite-int8",
        "max_size_increase@tflite-int8",
    ]
    for wrong in (3, [], {"max_sise": 3}, {"max_size_increase": 0.1, "max_sise": 3}):
        with pytest.raises(ConfigError, match="tflite-int8"):
            keywords({"tflite_int8": wrong}, where="paoding", source="call")


MEASURED = {
    "error@mae": Measurement(0.4, 0.5, 0.5),
    "score@r2": Measurement(0.9, 0.8, 0.8),
    "score_decay@mae": Measurement(0.4, 0.5, 0.1),
    "score_decay@r2": Measurement(0.9, 0.8, 0.1),
    "score_decay@mae@tflite": Measurement(0.4, 0.7, 0.3),
}


@pytest.mark.parametrize(
    ("key", "part", "checked"),
    (
        ("max_score_decay", None, ["score_decay@mae", "score_decay@r2"]),
        ("max_score_decay", "r2", ["score_decay@r2"]),
        ("min_score", None, ["score@r2"]),
        ("max_score", None, ["error@mae"]),
    ),
)
def test_a_limit_holds_for_every_score_of_its_direction(
    key: str, part: str | None, checked: list[str]
) -> None:
    value = 0.8 if key == "min_score" else 0.5
    judgement = judge([Limit(BUDGETS[key], value, part=part)], MEASURED)
    assert [check.name for check in judgement.checks] == checked
    assert judgement.outcome is Outcome.WITHIN_BUDGET


def test_a_limit_on_a_score_that_was_not_taken_is_unjudged() -> None:
    judgement = judge([Limit(DECAY, 0.5, part="auc")], MEASURED)
    assert judgement.outcome is Outcome.UNJUDGED
    assert judgement.checks[0].measurement.reason == "score decay @auc was not measured: set score"


def test_a_limit_on_a_files_score_is_its_own() -> None:
    limit = Limit(DECAY, 0.2, file_format="tflite", part="mae")
    judgement = judge([limit], MEASURED)
    assert [check.name for check in judgement.checks] == ["score_decay@mae@tflite"]
    assert judgement.outcome is Outcome.OVER_BUDGET
