"""The plugin with the real engine, once: what the fake one promises is what Keras does."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import ai_edge_litert.interpreter
import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tf2onnx  # noqa: F401 - pytester forgets what a run imports, but it loads only once

from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.pruning import pruner
from pytest_paoding.engine.surgery.cut import cut
from support.nightly import nightly

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

DATA = """
import numpy as np

def holdout():
    x = np.random.default_rng(0).uniform(size=(64, 8)).astype("float32")
    return x, (x.sum(axis=1) > 4).astype("int32")
"""


def save_model(path: Path) -> None:
    """Save a net that counts: its hidden units are twins, so half of them can go for free."""
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(8, activation="relu", name="hidden"),
            keras.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )
    model.get_layer("hidden").set_weights([np.ones((8, 8)), np.zeros(8)])
    model.get_layer("output").set_weights([np.full((8, 1), 0.25), np.array([-8.0])])
    path.parent.mkdir()
    KerasEngine().save(model, path)


@pytest.fixture
def real(single: Project) -> Project:
    save_model(single.path / "models" / "net.keras")
    single.write("conftest.py", "")
    single.write("our_data.py", DATA)
    single.write(
        "pyproject.toml",
        """
[tool.paoding]
strategy = "saliency"
[tool.paoding.budget]
max_accuracy_decay = "1%"
min_parameters_removed = "40%"
[tool.paoding.models.net]
path = "models/net.keras"
data = "our_data:holdout"
""",
    )
    return single


@pytest.mark.parametrize("ending", ("keras", "h5"))
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras
def test_an_unchanged_file_of_either_format_is_pruned_once(real: Project, ending: str) -> None:
    file = real.path / "models" / f"net.{ending}"
    model = keras.models.load_model(file.with_suffix(".keras"))
    model.save(file)
    settings = (real.path / "pyproject.toml").read_text()
    real.write("pyproject.toml", settings.replace("net.keras", file.name))
    given = ("--paoding-ratio=0.5", "--paoding-json=run.json")
    for cached in (False, True):
        assert real.run(*given).ret == 0
        assert real.gates["net"]["reused"] is cached
    model.get_layer("hidden").bias.assign(np.full(8, 0.25))
    model.save(file)
    real.run(*given)
    assert real.gates["net"]["reused"] is False


def test_a_gate_prunes_judges_and_publishes_a_keras_model(real: Project) -> None:
    file = real.path / "models" / "net.keras"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    ran = real.run("--paoding-ratio=0.5", "--paoding-json=run.json", "-W", "error")
    assert ran.ret == 0
    gate = real.gates["net"]
    assert gate["metrics"]["parameters"]["after"] == 8 * 4 + 4 + 4 + 1
    assert gate["metrics"]["accuracy"]["before"] == 1.0
    assert gate["layers"][0] | {"name": "hidden", "kept": 4} == gate["layers"][0]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    code = (
        "import sys, keras; model = keras.models.load_model(sys.argv[1]);"
        "print(model.count_params(), 'pytest_paoding' in sys.modules)"
    )
    target = real.artifacts / "net.keras"
    command = [sys.executable, "-c", code, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["41", "False"]


def test_files_of_all_formats_are_what_their_runtimes_found_them_to_be(real: Project) -> None:
    formats = "tflite,tflite-float16,tflite-int8,savedmodel,onnx"
    limits = [f"--paoding-format-budget={name}:min_accuracy=0.9" for name in formats.split(",")]
    ran = real.run(
        "--paoding-ratio=0.5", f"--paoding-formats={formats}", *limits, "--paoding-json=run.json"
    )
    assert ran.ret == 0
    gate = real.gates["net"]
    assert {file["name"] for file in gate["artifact"]["files"]} <= set(real.published)
    for file in gate["artifact"]["files"][1:]:
        content = (real.artifacts / file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert gate["metrics"][f"size@{file['format']}"]["found"] == len(content)
        assert gate["metrics"][f"accuracy@{file['format']}"]["found"] >= 0.9
    assert "the tflite-int8 file is calibrated on 256 synthetic inputs" in gate["notes"]
    assert {"ai-edge-litert", "onnxruntime", "tensorflow"} <= gate["versions"].keys()
    x = np.random.default_rng(0).uniform(size=(64, 8)).astype("float32")
    session = onnxruntime.InferenceSession(str(real.artifacts / "net.onnx"))
    (found,) = session.run(None, {session.get_inputs()[0].name: x})
    right = ((found[:, 0] > 0.5) == (x.sum(axis=1) > 4)).mean()
    assert gate["metrics"]["accuracy@onnx"]["found"] == right
    onnx.checker.check_model(str(real.artifacts / "net.onnx"))
    runner = ai_edge_litert.interpreter.Interpreter(str(real.artifacts / "net.int8.tflite"))
    assert runner.get_input_details()[0]["dtype"] is np.int8


def test_a_cut_that_fails_its_check_is_unjudged_and_not_published(
    real: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bias of the output is damaged: nothing but the proof can tell."""

    def damaged(*arguments: Any) -> Any:
        outcome = cut(*arguments)
        bias = outcome.model.layers[-1].bias
        bias.assign(bias + 0.01)
        return outcome

    options = ("--paoding-ratio=0.5", "--paoding-json=run.json")
    with monkeypatch.context() as patch:
        patch.setattr(pruner, "cut", damaged)
        assert real.run(*options).ret == 0
        published = (real.artifacts / "net.keras").read_bytes()
        assert not any("proved" in note for note in real.gates["net"]["notes"])
        ran = real.run(*options, "--paoding-verify", "--paoding-force=whatever")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["net UNJUDGED: self-check: outputs are off by *"])
    assert (real.artifacts / "net.keras").read_bytes() == published
    ran = real.run(*options, "--paoding-verify", "-v")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["*proved: off by * in float64*"])


@pytest.mark.parametrize(
    ("setting", "reason"),
    (
        ('exclude = ["hiden"]', "exclude: no layer matches 'hiden'; there are hidden, output"),
        ("round_to = 8", "model '*' has nothing to prune: the width is kept a multiple of 8"),
        (
            'calibration = "our_data:holdout"\nstrategy = "reconstruct"',
            "calibration has 2 arrays for the inputs '*'",
        ),
        (
            'calibration = "our_data:inputs"\nstrategy = "reconstruct"',
            "sample 0 of the data for judging is among the inputs for calibration: *",
        ),
    ),
)
def test_settings_that_do_not_fit_the_model_are_unjudged(
    real: Project, setting: str, reason: str
) -> None:
    text = (real.path / "pyproject.toml").read_text()
    real.write("pyproject.toml", text.replace('strategy = "saliency"', setting))
    real.write("our_data.py", DATA + "\ndef inputs():\n    return holdout()[0]\n")
    ran = real.run("--paoding-ratio=0.5", "--paoding-json=run.json")
    assert ran.ret == 1
    assert fnmatch(real.gates["net"]["reason"], reason.replace("[", "[[]"))
    assert real.published == []


def test_a_file_that_is_no_model_is_unjudged(real: Project) -> None:
    real.write("models/net.keras", "no model")
    ran = real.run("--paoding-ratio=0.5")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["net UNJUDGED: *net.keras*"])


@pytest.mark.parametrize("formats", ("keras", *nightly("tflite-int8")))
def test_an_unchanged_model_is_judged_again_without_tensorflow(real: Project, formats: str) -> None:
    """What is to be published is opened all the same, unless it stands there already."""
    real.write(
        "conftest.py",
        """
import sys, time
began = time.process_time()

def pytest_unconfigure():
    print("\\nTOOK", time.process_time() - began, "tensorflow" in sys.modules)
""",
    )
    command = [sys.executable, "-m", "pytest", *real.plugins, "--paoding-ratio=0.5"]
    command += [f"--paoding-formats={formats}"]
    files = ["net.json", "net.keras"]
    files = files if formats == "keras" else ["net.int8.tflite", *files]
    for gone in (True, False, True):
        if gone:
            shutil.rmtree(real.artifacts, ignore_errors=True)
        ran = real.pytester.run(*command)
        assert ran.ret == 0
        assert real.published == files
        (line,) = (line for line in ran.outlines if line.startswith("TOOK"))
        _, seconds, loaded = line.split()
        assert loaded == str(gone)
        if not gone:
            assert float(seconds) < 2
