"""A manifest of which anything was edited: `verify` tells the same, or why not in one line."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import keras
import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.engine.keras_io.load import load_model
from pytest_paoding.engine.keras_io.save import save_model
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.gate.stages import Gate, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.results import Setting
from support.fake_engine import FakeEngine
from support.gates import MODEL, limit, run
from support.nightly import nightly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

layers = keras.layers
GONE = object()
"""Stands for no value: the key or the item is removed."""
ANYWHERE = (GONE, None, [], {}, "", "x" * 5000, -1, 1e308, [[[{"a": {"b": [1]}}]]])
"""What is put in the place of anything."""
SETTINGS_TOO = (
    *(*ANYWHERE, True, "\x1b[31m\n", 0, 1, 0.5, 5e-324, 1e-9, 2**62, 1e300),
    *(
        [2**31 - 1],
        [2**31 - 1, 2],
        [1e308, -1e308],
        {"parameters": 0.5},
        {"series": [2**31 - 1, 2]},
    ),
    *([0, 1e308], [-1e308, 1e308], "tokens", ["*"] * 20_000, {"*": 0.001}, {"*a" * 600: 0.5}),
)
"""What is put in the place of a setting."""
COSTLY = ("ratio", "ratios", "input_shape", "input_range", "effort", "sparsity")
"""Settings whose values can ask for the most work; of the others the nightly run tries all."""
STRATEGY = "magnitude"
RATIOS = {"second": 0.25, "*": 0.5}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to every part of a document; of lists to the first item."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value[:1]) if isinstance(value, list) else items
    for key, each in items:
        yield from places(each, (*path, key))


def edited(document: Any, path: tuple[Any, ...], value: Any) -> str:
    """Return a document with another value at a place."""
    whole = copy.deepcopy(document)
    part = whole
    for key in path[:-1]:
        part = part[key]
    if value is GONE:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return json.dumps(whole)


def hold(capsys: pytest.CaptureFixture[str], published: Path, original: Path) -> tuple[int, str]:
    """Verify a publication: it is what it is said to be, or one line says why not."""
    code = main(["verify", str(published), "--original", str(original)])
    shown, told = capsys.readouterr()
    assert (code, told.count("\n")) in {(0, 0), (1, 1)}, told
    assert all(line.isprintable() for line in (*shown.splitlines(), *told.splitlines()))
    return code, told


@pytest.fixture
def of_fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A model that a gate on the fake engine has published, and its original."""
    monkeypatch.setattr("pytest_paoding.cli.verify.KerasEngine", FakeEngine)
    FakeEngine().save(MODEL, tmp_path / "original.keras")
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), model=MODEL)
    assert done.staged is not None
    return publish(done.staged), tmp_path / "original.keras"


@pytest.fixture(scope="module")
def of_keras(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model that a gate has published, and its original, which leaves lengths open."""
    folder = tmp_path_factory.mktemp("real")
    keras.utils.set_random_seed(0)
    stack = [
        keras.Input((None, 2), name="series"),
        layers.Dense(8, "relu", name="first"),
        layers.Dense(8, "relu", name="second"),
        layers.Dense(2, name="last"),
    ]
    original = folder / "original.keras"
    save_model(keras.Sequential(stack), original)
    said = {"ratio": 0.5, "strategy": STRATEGY, "ratios": RATIOS, "effort": 0.1}
    settings = resolve({name: Setting(value, "call") for name, value in said.items()})
    settings = replace(settings, limits=(limit("max_size", 10**6),))
    spec = GateSpec(name="net", settings=settings, root=folder, path=original)
    bench = Workbench(
        engine=KerasEngine(), load_model=partial(load_model, original), load_data=lambda: None
    )
    done = Gate(spec=spec, bench=bench, owner=os.getpid(), artifacts=folder / "out").run()
    assert done.staged is not None, done.result
    return publish(done.staged), original


def changed(path: Path, edits: Iterator[str]) -> Iterator[str]:
    """Write each edited manifest in turn; in the end the manifest is as it was."""
    content = path.read_bytes()
    try:
        for each in edits:
            path.write_text(each)
            yield each
    finally:
        path.write_bytes(content)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("every", (4, *nightly(1)))
def test_whatever_is_edited_is_refused_in_one_line_or_tells_the_same(
    of_fake: tuple[Path, Path], capsys: pytest.CaptureFixture[str], every: int
) -> None:
    published, original = of_fake
    manifest = published.with_suffix(".json")
    document, refused, held = json.loads(manifest.read_text()), 0, 0
    edits = (edited(document, path, value) for path in places(document) for value in ANYWHERE)
    for _ in changed(manifest, islice(edits, 0, None, every)):
        code, _ = hold(capsys, published, original)
        refused, held = refused + code, held + 1
    assert held > 1000 / every
    assert refused > held / 4
    assert hold(capsys, published, original) == (0, "")


@pytest.mark.timeout(240)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [each if each in COSTLY else nightly(each)[0] for each in SETTINGS.of_call(EngineCall.PRUNE)],
)
def test_whatever_a_pruning_is_said_to_be_ends_soon(
    of_keras: tuple[Path, Path], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    published, original = of_keras
    manifest = published.with_suffix(".json")
    document = json.loads(manifest.read_text())
    place = ("gate", "settings", name)
    edits = (
        edited(document, path, value)
        for path in (place, (*place, "value"))
        for value in SETTINGS_TOO
    )
    for _ in changed(manifest, edits):
        hold(capsys, published, original)
    assert hold(capsys, published, original) == (0, "")


def test_the_settings_of_a_manifest_may_be_a_target_and_no_ratio(
    of_keras: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    published, original = of_keras
    manifest = published.with_suffix(".json")
    document = json.loads(manifest.read_text())
    settings = document["gate"]["settings"]
    settings["target"]["value"] = {"parameters": 0.9}
    del settings["ratio"]
    for _ in changed(manifest, iter([json.dumps(document)])):
        hold(capsys, published, original)


def test_the_order_of_patterns_is_that_of_the_gate(
    of_keras: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    published, original = of_keras
    manifest = published.with_suffix(".json")
    document = json.loads(manifest.read_text())
    ratios = document["gate"]["settings"]["ratios"]
    assert list(ratios["value"].items()) == list(RATIOS.items())
    ratios["value"] = dict(reversed(RATIOS.items()))
    for _ in changed(manifest, iter([json.dumps(document)])):
        assert hold(capsys, published, original)[0] == 1
