"""Files of every kind, changed at random: read, or refused in one line that names the file."""

from __future__ import annotations

import shutil
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.cli.arguments import arrays
from pytest_paoding.engine.keras_io.identity import of_file
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.engine.surgery.apply import apply
from pytest_paoding.engine.surgery.fitted import Fitted, stored_arrays
from pytest_paoding.errors import PaodingError
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.plan import LayerPlan, Plan
from pytest_paoding.records.plans.fitted_weights import StoredWeights
from pytest_paoding.records.runs.revision import Revision
from pytest_paoding.records.runs.run_record import RunRecord, surroundings
from pytest_paoding.records.text.jsonable import to_json
from support import mutants
from support.gates import limit, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

layers = keras.layers
ARRAYS = {("hidden", 0): np.ones((4, 3), "float32"), ("hidden", 1): np.ones(3, "float32")}


def network() -> Any:
    """Return a small model with a branch, an own shape, and weights of several kinds."""
    inputs = keras.Input((4,), name="inputs")
    hidden = layers.Dense(6, activation="relu", kernel_regularizer="l2", name="hidden")(inputs)
    normed = layers.BatchNormalization(name="norm")(hidden)
    joined = layers.Add(name="sum")([hidden, layers.Dropout(0.5, name="drop")(normed)])
    outputs = layers.Dense(3, "softmax", name="out")(joined)
    model = keras.Model(inputs, outputs, name="net")
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


@cache
def original() -> Any:
    return network()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a good file of every kind."""
    folder = tmp_path_factory.mktemp("sound")
    save_model(network(), folder / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras asks of NumPy
        network().save(folder / "model.h5")
    done = run(folder, limit("max_accuracy_decay", 0.1), limit("max_size", 10**6))
    assert done.staged is not None
    shutil.copyfile(done.staged.manifest, folder / "manifest.json")
    around = surroundings([done.result], Revision(), "pytest --paoding")
    record = RunRecord(exit=0, complete=True, results=[done.result], environment=around)
    (folder / "report.json").write_text(to_json(record.to_dict()), encoding="utf-8")
    entries = {"net": Entry.from_result(done.result)}
    (folder / "baseline.json").write_text(Baseline(folder, "", entries).to_text(), encoding="utf-8")
    units = LayerPlan("hidden", 6, (0, 2, 4), "impact"), LayerPlan("out", 3, (0, 1, 2))
    Plan(units, fitted=Fitted(ARRAYS)).save(folder / "plan.json")
    assert apply(original(), Plan.load(folder / "plan.json")).count_params() > 0
    shutil.copyfile(folder / "plan.npz", folder / "fitted.npz")
    np.savez_compressed(folder / "inputs.npz", inputs=np.ones((9, 4), "float32"))
    Store(folder / "cache").save("cut-1", {"a": {"b": [1, 2.5, "c"]}}, files={})
    shutil.copyfile(folder / "cache" / "cut-1" / "record.json", folder / "record.json")
    return folder


def of_model(path: Path) -> None:
    of_file(path)
    load_model(path)


def of_plan(path: Path) -> None:
    shutil.copyfile(path.parent.parent / "plan.npz", path.with_suffix(".npz"))
    plan = Plan.load(path)
    str(plan)
    try:
        apply(original(), plan)
    except PaodingError as error:
        raise PaodingError(f"{path}: {error}") from error


def of_fitted(path: Path) -> None:
    """Read weights that a plan says are its own."""
    weights = StoredWeights(tuple(ARRAYS), path, sha256_of(path))
    stored_arrays(weights, list(ARRAYS.values()))


def of_entry(path: Path) -> None:
    store = Store(path.parent / "cache")
    (store.folder / "cut-1").mkdir(parents=True, exist_ok=True)
    path.replace(store.folder / "cut-1" / "record.json")
    found = store.load("cut-1", read=lambda plain: plain)
    assert found is None or found == {"a": {"b": [1, 2.5, "c"]}}


KINDS: dict[str, tuple[Callable[..., bytes], Callable[[Path], Any], int]] = {
    "model.keras": (mutants.keras_archive, of_model, 90),
    "model.h5": (mutants.hdf5, of_model, 70),
    "plan.json": (mutants.json_text, of_plan, 60),
    "fitted.npz": (mutants.arrays, of_fitted, 60),
    "inputs.npz": (mutants.arrays, arrays, 60),
    "record.json": (mutants.json_text, of_entry, 40),
}
"""How each kind is changed and read, and how often."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", KINDS)
def test_a_changed_file_is_read_or_refused_in_one_line(
    sound: Path, tmp_path: Path, name: str
) -> None:
    change, read, times = KINDS[name]
    _hold(sound / name, tmp_path, change, read, times)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_thousands_of_changed_files_are_read_or_refused_in_one_line(
    sound: Path, tmp_path: Path, name: str
) -> None:
    resource = pytest.importorskip("resource")
    change, read, times = KINDS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _hold(sound / name, tmp_path, change, read, 26 * times, seed=1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_500_000


def _hold(
    source: Path,
    folder: Path,
    change: Callable[..., bytes],
    read: Callable[[Path], Any],
    times: int,
    *,
    seed: int = 0,
) -> None:
    draw = np.random.default_rng(seed)
    content = source.read_bytes()
    lines: list[tuple[Path, str]] = []
    for path in (folder / str(number) / source.name for number in range(times)):
        path.parent.mkdir()
        shutil.copyfile(source.parent / "plan.npz", folder / "plan.npz")
        path.write_bytes(change(content, draw))
        try:
            read(path)
        except PaodingError as error:
            lines.append((path, str(error)))
        shutil.rmtree(path.parent)
    assert all(line.isprintable() and str(path.with_suffix("")) in line for path, line in lines)
    assert len(lines) > 0.2 * times or read is of_entry


DOCUMENTS = ("report.json", "manifest.json", "baseline.json")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", ("show", "merge", "compare"))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_changed_document_is_shown_or_refused_in_one_line(
    sound: Path, tmp_path: Path, name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    draw, path = np.random.default_rng(0), tmp_path / name
    more = [str(sound / name)] if command == "compare" else []
    for _ in range(30):
        path.write_bytes(mutants.json_text((sound / name).read_bytes(), draw))
        code = main([command, str(path), *more])
        shown, told = capsys.readouterr()
        assert code in {0, 1}
        assert len(told.splitlines()) <= 1
        assert all(line.isprintable() for line in (*shown.splitlines(), *told.splitlines()))
