"""Lengths of the data: a pruning of a model that leaves lengths open depends on them."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.results import DEFAULT, Setting
from support.fake_engine import FakeEngine, FakeModel
from support.gates import MODEL, limit, run

if TYPE_CHECKING:
    from pathlib import Path

    from support.fake_engine import FakePruned

OPEN = dataclasses.replace(MODEL, facts={**MODEL.facts, "open": True})
SHORT, LONG = ([[1, 2]], [0]), ([[1, 2, 3, 4]], [0])


class Listener(FakeEngine):
    """Notes the shapes that work is asked for."""

    shapes: list[Any]

    def prune(self, model: FakeModel, **settings: Any) -> FakePruned:
        self.shapes.append(settings["input_shape"])
        return super().prune(model, **settings)

    def export(self, model: FakeModel, files: Any, **settings: Any) -> Any:
        self.shapes.append(settings["input_shape"])
        return super().export(model, files, **settings)


def shapes_of_work(folder: Path, model: FakeModel, data: Any, **told: Any) -> list[Any]:
    """Prune and export with the store of a folder; return the shapes that were asked for."""
    engine = Listener()
    engine.shapes = []
    given = {"ratio": 0.5, **told}
    settings = resolve({key: Setting(value, "call") for key, value in given.items()})
    bench = Workbench(
        engine=engine,
        load_model=lambda: model,
        load_data=lambda: data,
        identify=partial(engine.identify, model),
        store=Store(folder / "store"),
    )
    cut = bench.prune(settings, folder / "pruned.keras")
    bench.export(settings, cut, {"tflite": folder / "net.tflite"})
    return engine.shapes


def test_an_open_model_is_pruned_and_exported_with_the_lengths_of_the_data(tmp_path: Path) -> None:
    assert shapes_of_work(tmp_path, OPEN, SHORT) == [{"x": (2,)}] * 2
    assert shapes_of_work(tmp_path, OPEN, SHORT) == []
    assert shapes_of_work(tmp_path, OPEN, LONG) == [{"x": (4,)}] * 2
    assert shapes_of_work(tmp_path, OPEN, SHORT) == []


@pytest.mark.parametrize("data", (LONG, None))
def test_other_models_and_told_shapes_do_not_depend_on_the_data(tmp_path: Path, data: Any) -> None:
    assert shapes_of_work(tmp_path, MODEL, SHORT) == [None, None]
    assert shapes_of_work(tmp_path, MODEL, data) == []
    assert shapes_of_work(tmp_path, OPEN, SHORT, input_shape=(9,)) == [(9,)] * 2
    assert shapes_of_work(tmp_path, OPEN, data, input_shape=(9,)) == []


def test_calibration_has_lengths_of_its_own(tmp_path: Path) -> None:
    given = [[1, 2, 3]]
    assert shapes_of_work(tmp_path, OPEN, SHORT, calibration=lambda: given)[0] is None


@pytest.mark.parametrize(
    ("model", "told", "recorded"),
    (
        (OPEN, {}, Setting({"x": [2]}, "data")),
        (OPEN, {"input_shape": (9,)}, Setting([9], "call")),
        (MODEL, {}, Setting(None, DEFAULT)),
    ),
)
def test_what_a_model_was_pruned_for_is_recorded(
    tmp_path: Path, model: FakeModel, told: dict[str, Any], recorded: Setting
) -> None:
    """Whoever prunes again by a manifest has no data, and would take usual lengths."""
    for reused in (False, True):
        done = run(
            tmp_path,
            limit("max_size", 1e9),
            model=model,
            data=SHORT,
            identify=partial(FakeEngine().identify, model),
            store=Store(tmp_path / "store"),
            **told,
        )
        assert done.result.settings["input_shape"] == recorded
        assert done.result.reused is reused


def test_data_that_come_later_count(tmp_path: Path) -> None:
    assert shapes_of_work(tmp_path, OPEN, None) == [None, None]
    assert shapes_of_work(tmp_path, OPEN, LONG) == [{"x": (4,)}] * 2
