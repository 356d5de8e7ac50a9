"""Gates that are held to the scores, the files and the own metrics of earlier runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.projects import CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

FILE = "paoding-baseline.json"
UPDATE = "--paoding-update-baseline"
HELD = f"""
[tool.paoding]
ratio = 0.5
baseline = "{FILE}"
formats = ["tflite"]
[tool.paoding.budget]
max_accuracy_decay = "2%"
[tool.paoding.regression]
max_score_drop = {{ mae = 0.1, "mask/mean_iou" = 0.02 }}
max_metric_drop = {{ f1 = 0.05 }}
[tool.paoding.regression.tflite]
max_score_drop = 0.2
"""
HOOKED = f"""{CONFTEST}
from pathlib import Path
from pytest_paoding import Direction, Measurement, Metric

def pytest_paoding_metrics(config, spec, original, pruned, data):
    found = float(Path(config.rootpath, "f1.txt").read_text())
    return {{Metric("f1", Direction.HIGHER): Measurement(0.9, found, found)}}
"""


@pytest.fixture(autouse=True)
def _outside_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def configure(
    project: Project, *, mae: float = 0.5, iou: float = 0.8, exported: float = 0.6, f1: float = 0.8
) -> None:
    """Write a project whose one model has these scores after pruning."""
    project.write("conftest.py", HOOKED)
    project.write("f1.txt", str(f1))
    scores = {"error@mae": [0.4, mae], "score@mask/mean_iou": [0.9, iou]}
    files = {"tflite": {"error@mae": [0.4, exported]}}
    project.configure(HELD, net={"scores": scores, "scores of files": files})


def entry(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.path / FILE).read_text())["gates"]["net"]
    return found


def test_every_score_is_written_and_held(project: Project) -> None:
    configure(project)
    assert project.gate(UPDATE).ret == 0
    written = entry(project)
    assert written["better"] == {"f1": "higher"}
    assert (
        written["metrics"]
        | {
            "error@mae": 0.5,
            "score@mask/mean_iou": 0.8,
            "error@mae@tflite": 0.6,
            "f1": 0.8,
        }
        == written["metrics"]
    )
    assert "size@tflite" in written["metrics"]
    assert not [name for name in written["metrics"] if "_drop" in name or "_increase" in name]
    assert project.gate().ret == 0
    checks = {check["metric"]: check["found"] for check in project.gates["net"]["checks"]}
    assert (
        checks
        | {
            "score_drop@mae": 0.0,
            "score_drop@mask/mean_iou": 0.0,
            "score_drop@mae@tflite": 0.0,
            "metric_drop@f1": 0.0,
        }
        == checks
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    (
        ({"mae": 0.7}, "net OVER BUDGET: score drop @mae 0.2 > 0.1"),
        ({"iou": 0.7}, "net OVER BUDGET: score drop @mask/mean_iou 0.1 > 0.02"),
        ({"exported": 0.9}, "net OVER BUDGET: score drop @mae @tflite 0.3 > 0.2"),
        ({"f1": 0.7}, "net OVER BUDGET: metric drop @f1 0.1 > 0.05"),
    ),
)
def test_what_got_worse_fails_and_is_accepted_on_request(
    single: Project, changes: dict[str, float], line: str
) -> None:
    configure(single)
    single.run(UPDATE)
    configure(single, **changes)
    ran = single.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines([line, f"to accept: *take the baseline anew with *{UPDATE}=all"])
    assert single.gate(f"{UPDATE}=all").ret == 0
    assert single.gate().ret == 0


def test_what_got_better_is_told(single: Project) -> None:
    configure(single)
    single.run(UPDATE)
    configure(single, iou=0.89, f1=0.9)
    single.gate().stdout.fnmatch_lines(
        [
            "note [[]better]: score @mask/mean_iou is better than the baseline by 0.09: * (net)",
            "  metric @f1 is better than the baseline by 0.1: * (net)",
        ]
    )
    single.gate(f"{UPDATE}=all").stdout.fnmatch_lines(
        [f"baseline {FILE}: changed net (*f1 0.8 -> 0.9*score @mask/mean_iou 0.8 -> 0.89*)"]
    )


def test_an_entry_without_scores_is_read_and_leaves_the_gate_unjudged(project: Project) -> None:
    """As older versions wrote it."""
    configure(project)
    old = {"environment": {}, "metrics": {"accuracy": 0.89, "size": 9}, "settings": {}}
    document = {"schema": "pytest-paoding-baseline/1", "gates": {"net": old}}
    project.write(FILE, json.dumps(document))
    ran = project.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["net UNJUDGED: score drop @mae: the baseline has no error @mae"])
    assert project.gate(f"{UPDATE}=all").ret == 0
    assert project.gate().ret == 0


def test_the_command_line_limits_scores_by_name_and_those_of_files(single: Project) -> None:
    configure(single)
    single.run(UPDATE)
    configure(single, mae=0.55, exported=0.65)
    assert single.gate().ret == 0
    ran = single.gate("--paoding-max-score-drop=mae=0.01,mask/mean_iou=0.02")
    ran.stdout.fnmatch_lines(["net OVER BUDGET: score drop @mae 0.05 > 0.01"])
    ran = single.gate("--paoding-format-budget=tflite:max_score_drop=mae=0.02")
    ran.stdout.fnmatch_lines(["net OVER BUDGET: score drop @mae @tflite 0.05 > 0.02"])
    (check,) = [
        check for check in single.gates["net"]["checks"] if check["source"] == "command line"
    ]
    assert check["budget"] == "max_score_drop@mae@tflite"
