"""One verdict, one set of figures and the same bytes, whatever a gate runs on or beside."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import pytest

from pytest_paoding.engine.keras_engine import KerasEngine

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
DATA = """
import numpy as np

def table():
    x = np.random.default_rng(0).uniform(size=(200, 12)).astype("float32")
    return x, (x[:, :6].sum(axis=1) > x[:, 6:].sum(axis=1)).astype("int32")

def pictures():
    x = np.random.default_rng(1).uniform(size=(100, 8, 8, 1)).astype("float32")
    return x, (x[:, :4].mean(axis=(1, 2, 3)) > x[:, 4:].mean(axis=(1, 2, 3))).astype("int32")
"""
SETTINGS = """
[tool.paoding]
ratio = 0.5
effort = 1
formats = ["keras", "tflite-int8"]
[tool.paoding.budget]
max_accuracy_decay = "100%"
min_robustness_retention = 0.0
min_agreement = 0.0
[tool.paoding.models.mlp]
path = "mlp.keras"
data = "our_data:table"
input_range = [0.0, 1.0]
[tool.paoding.models.cnn]
path = "cnn.keras"
data = "our_data:pictures"
input_range = [0.0, 1.0]
"""
THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
VARYING = {"duration", "spent", "worker", "reused"}
"""What tells how a run went, and not what it found."""
SHARE = str(max(1, (os.cpu_count() or 1) // 2))
"""Threads that each of two workers gets: with others, sums come in another order."""
ALONE = {**dict.fromkeys(THREADS, SHARE), "PYTHONHASHSEED": "0", "LC_ALL": "C"}
OTHERWISE: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "two workers": ({}, ("-n2",)),
    "another hash seed": ({"PYTHONHASHSEED": "4711"}, ()),
    "C.UTF-8": ({"LC_ALL": "C.UTF-8"}, ()),
    "POSIX": ({"LC_ALL": "POSIX", "PYTHONUTF8": "0"}, ()),
    "German": ({"LC_ALL": "de_DE.UTF-8"}, ()),
}
"""What else than `ALONE` a run may find; a locale that is not there counts as C."""


def nets() -> dict[str, Any]:
    """Return a model of each kind that the settings name, with weights drawn once and for all."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return {
        "mlp": keras.Sequential(
            [
                keras.Input((12,)),
                layers.Dense(32, "relu"),
                layers.Dense(24, "relu"),
                layers.Dense(2, "softmax"),
            ]
        ),
        "cnn": keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(12, 3, activation="relu"),
                layers.BatchNormalization(),
                layers.Conv2D(16, 3, activation="relu"),
                layers.Flatten(),
                layers.Dense(2, "softmax"),
            ]
        ),
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "our_data.py").write_text(DATA)
    (folder / "pyproject.toml").write_text(SETTINGS)
    for name, model in nets().items():
        KerasEngine().save(model, folder / f"{name}.keras")
    return folder


def found(project: Path, surroundings: dict[str, str], options: tuple[str, ...]) -> dict[str, Any]:
    """Run the gates with nothing kept; return verdicts and figures, and the digest of each file."""
    report = project / "run.json"
    plugins = ["-p", "pytest_paoding.plugin", "-p", "xdist", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugins, *options, "--paoding-only"]
    ran = subprocess.run(
        [*command, f"--paoding-json={report}"],
        cwd=project,
        env={
            **{name: each for name, each in os.environ.items() if not name.startswith("PYTEST")},
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": str(ROOT),
            **ALONE,
            **surroundings,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    gates = {each["name"]: each for each in document["gates"]}
    assert set(gates) == {"mlp", "cnn"}, ran.stdout
    assert [each["reason"] for each in gates.values()] == [None, None]
    published = sorted((project / "paoding-artifacts").glob("*.[kt]*"))
    assert len(published) == 4
    return {
        "exit": ran.returncode,
        "digests": {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in published},
        "gates": {
            name: {key: gate[key] for key in gate if key not in VARYING}
            for name, gate in gates.items()
        },
    }


@pytest.fixture(scope="module")
def alone(project: Path) -> dict[str, Any]:
    return found(project, {}, ("-n0",))


@pytest.mark.parametrize("otherwise", OTHERWISE)
def test_what_a_gate_finds_does_not_depend_on_its_surroundings(
    project: Path, alone: dict[str, Any], otherwise: str
) -> None:
    surroundings, options = OTHERWISE[otherwise]
    assert found(project, surroundings, options or ("-n0",)) == alone


def test_with_other_threads_verdicts_are_the_same_and_figures_near(
    project: Path, alone: dict[str, Any]
) -> None:
    other = str(2 if SHARE == "1" else 1)
    there = found(project, dict.fromkeys(THREADS, other), ("-n0",))
    assert there["exit"] == alone["exit"]
    for name, gate in alone["gates"].items():
        assert there["gates"][name]["outcome"] == gate["outcome"]
        for metric, measured in gate["metrics"].items():
            found_there = there["gates"][name]["metrics"][metric]["found"]
            if measured["found"] is None:
                assert found_there is None
            else:
                assert found_there == pytest.approx(measured["found"], rel=0.01, abs=0.02)
