from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.engine import keras_engine
from pytest_paoding.engine.exporting import packages
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.pruning.pruner import prune
from pytest_paoding.errors import DataError, ExportError, ModelFileError, PruningError
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.formats import EXPORTED
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.portable_engine import PortableEngine
from pytest_paoding.records.protocol import Engine
from pytest_paoding.records.results import Setting

OPTIONS = {"strategy": "magnitude", "input_range": (0.0, 1.0), "seed": 0, "step": 0.025}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    keras.utils.set_random_seed(1)
    stack = [keras.Input((6,), name="x"), keras.layers.Dense(8, "relu"), keras.layers.Dense(3)]
    found = tmp_path_factory.mktemp("models") / "model.keras"
    KerasEngine().save(keras.Sequential(stack, name="small"), found)
    return found


def test_it_is_what_the_protocol_asks_for():
    asked_for = {**vars(Engine), **vars(PortableEngine)}
    wanted = {name for name in asked_for if not name.startswith("_")}
    assert {name for name in vars(KerasEngine) if not name.startswith("_")} == wanted
    for name in wanted:
        asked, given = (
            inspect.signature(getattr(kind, name)) for kind in (PortableEngine, KerasEngine)
        )
        assert [(each.name, each.kind, each.default) for each in asked.parameters.values()] == [
            (each.name, each.kind, each.default) for each in given.parameters.values()
        ]


def test_a_model_goes_all_the_way(path, tmp_path):
    engine = KerasEngine()
    content = path.read_bytes()
    original = engine.load_model(path)
    before = engine.digest(original)
    told = []
    pruned = engine.prune(
        original, ratio=0.5, **OPTIONS, progress=lambda *each: told.append(each[0])
    )
    x = np.random.default_rng(0).random((40, 6))
    found = engine.evaluate(
        original,
        pruned.model,
        (x, np.arange(40) % 3),
        epsilons=(0.1,),
        input_range=(0.0, 1.0),
        progress=lambda *each: told.append(each[0]),
    )
    assert set(told) == {"pruning", "evaluating"}
    assert {name for name in found if "size" not in name} == {
        "accuracy",
        "accuracy_decay",
        "accuracy_retention",
        "agreement",
        "class_accuracy_decay",
        "divergence",
        "robust_accuracy@0.1",
        "robustness_retention",
        "robustness_overlap",
        "transfer_accuracy@0.1",
        "parameters",
        "parameters_removed",
        "activation_memory",
        "flops",
        "flops_reduction",
    }
    assert all(type(each) is Measurement for each in found.values())
    size = engine.save(pruned.model, tmp_path / "pruned.keras")
    assert size == (tmp_path / "pruned.keras").stat().st_size < len(content)
    again = engine.load_model(tmp_path / "pruned.keras")
    assert engine.digest(again) == engine.digest(pruned.model) != before
    assert engine.digest(original) == before
    assert path.read_bytes() == content


def test_errors_are_those_a_gate_expects(path, tmp_path):
    engine = KerasEngine()
    model = engine.load_model(path)
    with pytest.raises(ModelFileError):
        engine.load_model(tmp_path / "none.keras")
    with pytest.raises(PruningError):
        engine.prune(model, ratio=50, **OPTIONS)
    with pytest.raises(DataError):
        engine.evaluate(model, model, iter([]), epsilons=(), input_range=(0, 1))


def test_versions_are_those_that_are_loaded():
    assert KerasEngine().versions() == {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def test_importing_the_engine_is_light():
    code = (
        "import sys, pytest_paoding.engine.keras_engine as e; e.KerasEngine(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "keras", "tensorflow", "h5py"} & set(done.stdout.split())


@pytest.mark.parametrize("data", (np.zeros((9, 6)), np.random.default_rng(0).random((9, 6))))
def test_a_pruning_learns_nothing_from_the_data_for_judging(path, tmp_path, data):
    engine = KerasEngine()
    settings = resolve({"ratio": Setting(0.5, "call"), "strategy": Setting("reconstruct", "call")})
    bench = Workbench(
        engine=engine, load_model=lambda: engine.load_model(path), load_data=lambda: (data, None)
    )
    cut = bench.prune(settings, tmp_path / "pruned.keras")
    alone = engine.prune(engine.load_model(path), **settings.pruning)
    assert engine.digest(engine.load_model(cut.file)) == engine.digest(alone.model)
    assert cut.notes == alone.notes


def test_what_prune_does_unless_told_is_what_gates_do():
    parameters = inspect.signature(prune).parameters
    for name in SETTINGS.of_call(EngineCall.PRUNE):
        if name != "ratio":
            default = parameters[name].default
            given = {"ratios": {}, "include": (default,)}.get(name, default)
            assert given == SETTINGS.built_in[name].value, name


@pytest.mark.parametrize("content", (None, b"", b"GIF89a", "folder"))
def test_what_is_no_model_file_is_refused_before_tensorflow_starts(content, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_engine, "start_tensorflow", None)
    path = tmp_path / "net.keras"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"net\.keras: "):
        KerasEngine().load_model(path)


@pytest.mark.parametrize("name", EXPORTED)
def test_a_package_of_a_format_is_missed_before_tensorflow_is_looked_for(name, monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(packages, "version", missing)
    if name == "savedmodel":  # which TensorFlow writes by itself
        assert KerasEngine().versions([name])
        return
    monkeypatch.setattr(keras_engine, "_version", None)
    with pytest.raises(
        ExportError, match=rf"format {name} needs .* pip install \"pytest-paoding\["
    ):
        KerasEngine().versions([name])
