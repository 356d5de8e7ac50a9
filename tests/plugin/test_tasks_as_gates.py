"""Gates on models of every other task than classes, from the file to all reports."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
from keras import layers

from pytest_paoding.engine.keras_engine import KerasEngine
from support.report_rows import (
    named,
    numbers,
    rows_of_markdown,
    rows_of_page,
    typed,
    without_interval,
)

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

DRAW = np.random.default_rng(0)
TABLE = DRAW.uniform(0, 1, (120, 6)).astype("float32")
PICTURES = DRAW.random((60, 6, 6, 1)).astype("float32")
DATA = {
    "regression": (TABLE, (TABLE[:, 0] * 2 + TABLE[:, 1] ** 2).astype("float32")),
    "multilabel": (TABLE, (TABLE[:, :3] > 0.6).astype(int)),
    "positions": (PICTURES, (PICTURES[..., 0] > 0.5).astype(int) + (PICTURES[..., 0] > 0.8)),
    "reconstruction": (TABLE, TABLE),
}
LOSSES: dict[str, dict[str, Any]] = {
    "regression": {"loss": "mse", "metrics": ["mae"]},
    "multilabel": {"loss": "binary_crossentropy"},
    "positions": {"loss": "sparse_categorical_crossentropy"},
    "reconstruction": {"loss": "mse"},
}
READ = """
import numpy as np

def holdout():
    file = np.load("data.npz")
    return file["x"], (file["y"] if "y" in file else None)
"""
SETTINGS = """
[tool.paoding]
ratio = 0.25
strategy = "saliency"
attack = { epsilons = [0.01] }
[tool.paoding.budget]
min_parameters_removed = "5%"
max_score_decay = 1
max_divergence = 2.0
[tool.paoding.models.net]
path = "models/net.keras"
data = "our_data:holdout"
"""
REPORTS = (
    "--paoding-json=run.json",
    "--paoding-markdown=run.md",
    "--paoding-html=run.html",
    "--junitxml=run.xml",
)


def save_model(task: str, path: Path) -> None:
    """Save a small model that was trained for a task."""
    keras.utils.set_random_seed(0)
    x, y = DATA[task]
    given = keras.Input(x.shape[1:])
    if task == "positions":
        hidden = layers.Conv2D(12, 3, padding="same", activation="relu")(given)
        outputs = layers.Conv2D(3, 1, activation="softmax")(hidden)
    else:
        units = {"regression": 1, "multilabel": 3, "reconstruction": 6}[task]
        head = "sigmoid" if task == "multilabel" else None
        outputs = layers.Dense(units, head)(layers.Dense(24, activation="relu")(given))
    model = keras.Model(given, outputs)
    model.compile(keras.optimizers.Adam(1e-2), **LOSSES[task])
    model.fit(x, y, epochs=5, batch_size=20, verbose=0)
    path.parent.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras asks of NumPy
        model.save(path)


@pytest.fixture(params=DATA)
def judged(request: pytest.FixtureRequest, single: Project) -> tuple[str, Project]:
    """A task, and a project with a model of it; the truth of a reconstruction is its input."""
    task: str = request.param
    save_model(task, single.path / "models" / "net.keras")
    single.write("conftest.py", "")
    single.write("our_data.py", READ)
    single.write("pyproject.toml", SETTINGS)
    x, y = DATA[task]
    labels = {} if task == "reconstruction" else {"y": y}
    np.savez(single.path / "data.npz", x=x, **labels)
    return task, single


FIRST = {
    "regression": "error@mae",
    "multilabel": "score@f1",
    "positions": "score@mean_iou",
    "reconstruction": "error@rmse",
}


def same_in_all_reports(project: Project, gate: dict[str, Any]) -> None:
    """Hold the checks of a gate in Markdown, HTML and JUnit against those in JSON."""
    expected = [numbers(check) for check in gate["checks"]]
    text = (project.path / "run.md").read_text()
    assert list(map(without_interval, rows_of_markdown(text, " | before"))) == expected
    page = (project.path / "run.html").read_text()
    assert list(map(without_interval, rows_of_page(page, "Budgets"))) == expected
    cases = ET.parse(project.path / "run.xml").iter("property")
    properties = {each.get("name"): each.get("value") for each in cases}
    for check in gate["checks"]:
        assert properties[f"paoding.{check['metric']}"] == repr(check["found"])
    told = {typed(row[0]).replace(" ", "_") for row in metrics_of(page)}
    for name, metric in gate["metrics"].items():
        assert named({"metric": name, "epsilon": metric["epsilon"]}) in told


def metrics_of(page: str) -> list[list[str]]:
    return rows_of_page(page, "All metrics")


def test_a_gate_passes_and_fails_where_a_budget_says_so(judged: tuple[str, Project]) -> None:
    task, project = judged
    ran = project.run("--paoding", *REPORTS)
    assert ran.ret == 0
    gate, name = project.gates["net"], FIRST[task]
    assert gate["outcome"] == "within-budget"
    assert project.published == ["net.json", "net.keras"]
    decay = name.partition("@")[2]
    assert {f"score_decay@{decay}", "divergence", "parameters_removed"} == {
        check["metric"] for check in gate["checks"]
    }
    measured = gate["metrics"][name]
    assert measured["low"] < measured["after"] < measured["high"]
    assert f"robust_{name}@0.01" in gate["metrics"]
    same_in_all_reports(project, gate)
    key, _, score = name.partition("@")
    lower = key == "error"
    limit = measured["after"] * (0.99 if lower else 1.01)
    option = f"--paoding-{'max' if lower else 'min'}-score={score}={limit}"
    ran = project.run("--paoding", option, "--paoding-no-artifacts", *REPORTS)
    assert ran.ret == 1
    gate = project.gates["net"]
    assert gate["outcome"] == "over-budget"
    (missed,) = [check for check in gate["checks"] if not check["passed"]]
    assert (missed["metric"], missed["found"]) == (name, measured["after"])
    ran.stdout.fnmatch_lines([f"net OVER BUDGET: {key} @{score} *"])
    same_in_all_reports(project, gate)


DETECTOR = """
import numpy as np

def holdout():
    x = np.load("data.npz")["x"]
    return x, {"kind": (x[:, 0] > 0.5).astype(int), "box": x[:, :4]}

def found(y_true, y_pred):
    near = abs(y_true["box"] - y_pred["box"]).max(axis=1) < 0.5
    return near & (y_pred["kind"].argmax(axis=1) == y_true["kind"])
"""
JOINT = """
[tool.paoding]
ratio = 0.25
strategy = "saliency"
[tool.paoding.budget]
max_unlabelled_divergence = 2.0
max_score_decay = { found = 1, "box/mae" = 1 }
[tool.paoding.models.net]
path = "models/net.keras"
data = "detection:holdout"
score = ["joint:detection:found=higher", "mae"]
"""
BY_CODE = """
from detection import found, holdout
from pytest_paoding import AskedFor, Direction

def test_by_code(paoding):
    score = [AskedFor("found", found, Direction.HIGHER, joint=True), "mae"]
    net = keras.models.load_model("models/net.keras")
    paoding.check(net, holdout(), name="by_code", score=score)
"""


def test_a_detector_is_judged_as_a_whole(single: Project) -> None:
    keras.utils.set_random_seed(0)
    given = keras.Input((6,))
    hidden = layers.Dense(24, activation="relu")(given)
    heads = {"kind": (2, "softmax"), "box": (4, None), "size": (1, None)}
    outputs = [layers.Dense(*each, name=name)(hidden) for name, each in heads.items()]
    (single.path / "models").mkdir()
    KerasEngine().save(keras.Model(given, outputs), single.path / "models" / "net.keras")
    np.savez(single.path / "data.npz", x=TABLE)
    single.write("conftest.py", "")
    single.write("detection.py", DETECTOR)
    single.write("pyproject.toml", JOINT)
    single.write("test_it.py", f"import keras\n{BY_CODE}")
    single.pytester.syspathinsert()
    assert single.run("--paoding", *REPORTS).ret == 0
    for gate in (single.gates["net"], single.gates["by_code"]):
        assert {check["metric"] for check in gate["checks"]} == {
            "score_decay@found",
            "score_decay@box/mae",
            "unlabelled_divergence@size",
        }
    first, second = (single.gates[name]["metrics"] for name in ("net", "by_code"))
    assert first["score@found"] == second["score@found"]
    assert single.gates["by_code"]["settings"]["score"]["value"] == ["found", "mae"]
    ran = single.run("--paoding-only", "--paoding-min-score=found=1.01", *REPORTS)
    ran.stdout.fnmatch_lines(["net OVER BUDGET: score @found * < 1.01"])
