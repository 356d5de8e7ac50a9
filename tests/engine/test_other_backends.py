"""Suites whose Keras has another backend: the same verdicts, and the same files byte for byte."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.engine.backend import backend

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
TRAIN = """
import keras, numpy
from own_data import holdout
from own_layers import Scale

keras.utils.set_random_seed(0)
first, last = keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")
model = keras.Sequential([keras.Input((6,)), first, Scale(), last])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(*holdout(), epochs=20, verbose=0)
model.save("model.keras")
"""
DATA = """
import numpy

def holdout():
    rng = numpy.random.default_rng(0)
    x = rng.random((200, 6), dtype="float32")
    return x, (x @ rng.normal(size=(6, 3))).argmax(1)
"""
LAYERS = """
import keras
import pytest_paoding

@keras.saving.register_keras_serializable("own")
class Scale(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.scale

@pytest_paoding.rule(Scale)
def scale(visit):
    visit.carries(visit.layer.scale, visit.channels(visit.input))
    return visit.input
"""
CONFTEST = """
import pytest

@pytest.fixture
def live():
    import keras, own_layers
    return keras.saving.load_model("model.keras")
"""
TESTS = """
def test_live(paoding, live):
    from own_data import holdout
    paoding.check(live, holdout(), name="live")

def test_batches(paoding, live):
    from own_data import holdout
    x, y = holdout()
    batches = ((x[at : at + 50], y[at : at + 50]) for at in range(0, 200, 50))
    paoding.check(live, batches, name="batches")

def test_prune(paoding, live):
    found = paoding.prune(live, strategy="reconstruct", effort="quick")
    assert found.model.count_params() < live.count_params()
    assert type(found.model.layers[0].kernel.value) is type(live.layers[0].kernel.value)
    found.plan.save("plan.json")
"""
SETTINGS = """
[tool.paoding]
ratio = 0.5
strategy = "magnitude"
input_range = [0.0, 1.0]
[tool.paoding.budget]
max_accuracy_decay = "90%"
min_robustness_retention = 0.01
[tool.paoding.models.configured]
path = "model.keras"
data = "own_data:holdout"
"""
FILES = {
    "train.py": TRAIN,
    "own_data.py": DATA,
    "own_layers.py": LAYERS,
    "conftest.py": CONFTEST,
    "test_it.py": TESTS,
    "pyproject.toml": SETTINGS,
}


def python(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    python(folder, "train.py", KERAS_BACKEND="tensorflow")
    return folder


def found(folder: Path, name: str, *options: str, **environment: str) -> tuple[Any, Any]:
    """Return the verdicts of a run, and the files it has published."""
    both = (f"--paoding-artifacts={name}", f"--paoding-json={name}.json")
    run = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--paoding", *both, *options)
    python(folder, *run, **environment)
    gates = json.loads((folder / f"{name}.json").read_text())["gates"]
    told = {gate["name"]: (gate["outcome"], gate["metrics"], gate["model"]) for gate in gates}
    files = {file.name: file.read_bytes() for file in (folder / name).glob("*.keras")}
    return told, files


@pytest.fixture(scope="module")
def usual(trained: Path) -> tuple[Any, Any]:
    outcome = found(trained, "usual", KERAS_BACKEND="tensorflow")
    assert sorted(outcome[1]) == ["batches.keras", "configured.keras", "live.keras"]
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("name", ("jax", "torch"))
def test_gates_find_and_publish_the_same(trained: Path, usual: tuple[Any, Any], name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed, which the extra `backends` has")
    assert found(trained, name, KERAS_BACKEND=name) == usual
    load = (
        "import keras, own_layers; print(len(keras.saving.load_model('usual/live.keras').layers))"
    )
    told = {python(trained, "-c", load, KERAS_BACKEND=each) for each in ("tensorflow", name)}
    assert len(told) == 1


@pytest.mark.slow
def test_isolated_gates_find_and_publish_the_same(trained: Path, usual: tuple[Any, Any]) -> None:
    assert found(trained, "isolated", "--paoding-isolate", KERAS_BACKEND="tensorflow") == usual


WATCHED = (
    CONFTEST
    + """
def pytest_unconfigure():
    import sys
    assert not {"tensorflow", "keras"} & sys.modules.keys()
"""
)


@pytest.mark.slow
def test_a_suite_needs_neither_its_backend_nor_tensorflow(trained: Path) -> None:
    (trained / "conftest.py").write_text(WATCHED)
    (trained / "own_data.py").write_text(f"import own_layers\n{DATA}")  # which the child imports
    try:
        only = ("--paoding-only", "-k", "configured")
        told, files = found(trained, "absent", *only, KERAS_BACKEND="no_such_backend")
    finally:
        (trained / "conftest.py").write_text(CONFTEST)
        (trained / "own_data.py").write_text(DATA)
    assert told["configured"][0] == "within-budget"
    assert list(files) == ["configured.keras"]


SETTINGS_OF_KERAS = ('{"backend": "jax"}', '{"backend": ""}', "{}", "[]", "{", None)


@pytest.mark.parametrize("text", SETTINGS_OF_KERAS)
@pytest.mark.parametrize("variable", ("torch", "", None))
def test_the_backend_is_known_without_keras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, variable: str | None
) -> None:
    modules: Mapping[str, Any] = {
        name: each for name, each in sys.modules.items() if name != "keras"
    }
    monkeypatch.setattr(sys, "modules", modules)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if text is not None:
        (tmp_path / "keras.json").write_text(text)
    if variable is None:
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
    else:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    configured = "jax" if text == SETTINGS_OF_KERAS[0] else "tensorflow"
    assert backend() == (variable or configured)
