"""A gate on a fake model, run in a temporary folder."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.gate.stages import Gate, GateOutcome, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.budgets import Level, Limit
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.records.results import Setting
from support.fake_engine import FakeEngine, FakeModel

if TYPE_CHECKING:
    from pathlib import Path


MODEL = FakeModel({"dense": 8, "conv": 4}, {"accuracy": (0.9, 0.85), "robust": {"0.1": (0.8, 0.4)}})


DATA = ([1, 2], [0, 1])


_OF_BENCH = ("identify", "progress", "store")
"""Options of `run` that are the bench's, not the gate's."""


def limit(key: str, value: float, level: Level = Level.ERROR) -> Limit:
    return Limit(BUDGETS[key], value, level, "call")


def run(
    tmp_path: Path,
    *limits: Limit,
    model: Any = MODEL,
    data: Any = DATA,
    engine: Any = None,
    ratio: Any = 0.5,
    **options: Any,
) -> GateOutcome:
    told = ("ratios", "input_shape")
    said = {"ratio": ratio} | {name: options.pop(name) for name in told if name in options}
    layer = {name: Setting(value, "call") for name, value in said.items()}
    settings = dataclasses.replace(resolve(layer), limits=limits)
    spec = GateSpec(name="net", settings=settings, root=tmp_path, path=tmp_path / "net.keras")
    bench = Workbench(
        engine=engine or FakeEngine(),
        load_model=lambda: model,
        load_data=options.pop("load_data", lambda: data),
        **{name: options.pop(name) for name in _OF_BENCH if name in options},
    )
    return Gate(
        spec=spec, bench=bench, owner=os.getpid(), **{"artifacts": tmp_path / "out", **options}
    ).run()


def left_over(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.rglob("*") if path.is_file()]
