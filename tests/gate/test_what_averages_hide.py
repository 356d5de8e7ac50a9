"""Gates on the worst group: it is named, and an average that holds does not excuse it."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.references import References
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.gate.stages import Gate, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.asked_for import AskedFor
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.metrics import Direction
from pytest_paoding.records.results import GateResult, Setting
from support.fake_engine import FakeEngine, FakeModel
from support.gates import DATA, limit, run

if TYPE_CHECKING:
    from pathlib import Path

UNEVEN = FakeModel({"a": 4}, {"accuracy": (0.9, 0.89), "worst class": (0.95, 0.8)})


def test_a_class_that_is_lost_fails_a_gate_whose_average_holds(tmp_path: Path) -> None:
    limits = limit("max_accuracy_decay", 0.02), limit("max_class_accuracy_decay", 0.05)
    result = run(tmp_path, *limits, model=UNEVEN).result
    assert result.outcome is Outcome.OVER_BUDGET
    assert result.grounds == "class accuracy decay 0.1500 > 0.0500"
    assert result.notes == (
        "class accuracy decay: worst of 10 classes is class 3, 40 samples, 0.9500 to 0.8000",
    )


def test_it_is_named_where_the_gate_passes_too_but_only_if_it_is_limited(tmp_path: Path) -> None:
    (note,) = run(tmp_path, limit("max_class_accuracy_decay", 0.2), model=UNEVEN).result.notes
    assert "class 3" in note
    assert run(tmp_path, limit("max_accuracy_decay", 0.2), model=UNEVEN).result.notes == ()


CODE = """
NAMES = ["north", "south"]
def sites(x, y):
    return [NAMES[each] for each in y]
"""


def sliced(tmp_path: Path, slices: Any, engine: Any = None, **options: Any) -> GateResult:
    """Return what a gate on the worst slice finds."""
    (tmp_path / "sites_of_the_gate.py").write_text(CODE)
    given = {"ratio": Setting(0.5, "call"), "slices": Setting(slices, "call")}
    settings = dataclasses.replace(resolve(given), limits=(limit("max_slice_decay", 0.2),))
    bench = Workbench(
        engine=engine or FakeEngine(),
        load_model=lambda: UNEVEN,
        load_data=lambda: DATA,
        references=References(tmp_path),
        **options,
    )
    return (
        Gate(spec=GateSpec(name="net", settings=settings, root=tmp_path), bench=bench).run().result
    )


def test_slices_are_named_by_a_reference_or_by_code(tmp_path: Path) -> None:
    for slices in ("sites_of_the_gate:sites", lambda _x, y: [f"site {each}" for each in y]):
        result = sliced(tmp_path, slices)
        assert result.outcome is Outcome.WITHIN_BUDGET
        assert result.notes[0].startswith("slice decay: worst of 2 slices is slice '")


@pytest.mark.parametrize(
    ("slices", "reason"),
    (
        (None, "slice decay: slice decay was not measured: set slices"),
        (
            "sites_of_the_gate:NAMES",
            "slices 'sites_of_the_gate:NAMES' is a list, no callable of (x, y)",
        ),
        (
            "sites_of_the_gate:none",
            (
                "slices 'sites_of_the_gate:none' cannot be called: AttributeError: module "
                "'sites_of_the_gate' has no attribute 'none'"
            ),
        ),
    ),
)
def test_slices_that_are_none_leave_the_gate_unjudged(
    tmp_path: Path, slices: Any, reason: str
) -> None:
    result = sliced(tmp_path, slices)
    assert (result.outcome, result.reason) == (Outcome.UNJUDGED, reason)


def test_what_code_names_is_measured_anew_each_time(tmp_path: Path) -> None:
    engine = FakeEngine()
    for _ in range(2):
        options = {"store": Store(tmp_path / "store"), "identify": lambda: "model"}
        sliced(tmp_path, "sites_of_the_gate:sites", engine, **options)
    assert engine.calls.count("prune") == 1
    assert engine.calls.count("evaluate") == 2


def test_scores_of_own_code_are_measured_anew_too(tmp_path: Path) -> None:
    (tmp_path / "own_scores.py").write_text("def found(y_true, y_pred):\n    return 1.0\n")
    live = AskedFor("found", lambda *_: 1.0, Direction.HIGHER, joint=True)
    for number, score in enumerate(("joint:own_scores:found=higher", live, "f1")):
        engine = FakeEngine()
        given = {"ratio": Setting(0.5, "call"), "score": Setting((score,), "call")}
        limits = (limit("max_accuracy_decay", 0.1),)
        settings = dataclasses.replace(resolve(given), limits=limits)
        for _ in range(2):
            bench = Workbench(
                engine=engine,
                load_model=lambda: UNEVEN,
                load_data=lambda: DATA,
                references=References(tmp_path),
                store=Store(tmp_path / f"store{number}"),
                identify=lambda: "model",
            )
            Gate(spec=GateSpec(name="net", settings=settings, root=tmp_path), bench=bench).run()
        assert engine.calls.count("evaluate") == (1 if score == "f1" else 2)


FLIPPED = FakeModel({"a": 4}, {"flips": [7, 3]})


def test_flipped_samples_are_in_the_record_but_not_in_the_manifest(tmp_path: Path) -> None:
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), model=FLIPPED)
    assert done.result.breakdown is not None
    assert done.result.breakdown.flipped == 2
    assert [flip.index for flip in done.result.breakdown.flips] == [7, 3]
    assert done.staged is not None
    manifest = json.loads(publish(done.staged).with_suffix(".json").read_text())
    assert manifest["gate"]["breakdown"] is None


def test_what_averages_hide_is_kept_with_what_was_measured(tmp_path: Path) -> None:
    settings = resolve({"ratio": Setting(0.5, "call")})
    settings = dataclasses.replace(settings, limits=(limit("max_accuracy_decay", 0.1),))
    found = []
    for _ in range(2):
        bench = Workbench(
            engine=FakeEngine(),
            load_model=lambda: FLIPPED,
            load_data=lambda: DATA,
            store=Store(tmp_path / "store"),
            identify=lambda: "model",
        )
        spec = GateSpec(name="net", settings=settings, root=tmp_path)
        found.append(Gate(spec=spec, bench=bench, owner=os.getpid()).run().result)
    assert found[1].reused
    assert found[1].breakdown == found[0].breakdown is not None


def test_a_record_that_is_older_has_no_breakdown(tmp_path: Path) -> None:
    plain = run(tmp_path, limit("max_accuracy_decay", 0.1), model=FLIPPED).result.to_dict()
    assert GateResult.from_dict(json.loads(json.dumps(plain))).to_dict() == plain
    del plain["breakdown"]
    assert GateResult.from_dict(plain).breakdown is None
