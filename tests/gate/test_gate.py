from __future__ import annotations

import dataclasses
import json
import os
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.references import References
from pytest_paoding.errors import DataError
from pytest_paoding.gate.artifacts import publish
from pytest_paoding.gate.stages import Gate, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.budgets import Level, Limit, Outcome
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.metrics import Direction, Metric
from pytest_paoding.records.plan import LayerResult
from pytest_paoding.records.results import Setting
from pytest_paoding.records.runs.revision import Revision
from support.fake_engine import FakeEngine, FakeModel
from support.gates import DATA, MODEL, left_over, limit, run

if TYPE_CHECKING:
    from pathlib import Path


class Listening(FakeEngine):
    """An engine that remembers what it was told, and has something to say."""

    def prune(self, model: Any, **settings: Any) -> Any:
        self.told = settings
        return dataclasses.replace(super().prune(model, **settings), notes=("a note",))

    def evaluate(self, original: Any, pruned: Any, data: Any, **settings: Any) -> Any:
        self.seen = settings
        return super().evaluate(original, pruned, data, **settings)


def test_inputs_for_calibration_reach_the_pruning_and_are_kept_out_of_the_judging(
    tmp_path: Path,
) -> None:
    engine, inputs = Listening(), [[0.5]]
    (tmp_path / "inputs_of_the_gate.py").write_text("def unlabelled():\n    return [[0.5]]\n")
    for given in (inputs, "inputs_of_the_gate:unlabelled"):
        settings = resolve({"ratio": Setting(0.5, "call"), "calibration": Setting(given, "call")})
        settings = dataclasses.replace(settings, limits=(limit("max_accuracy_decay", 0.1),))
        spec = GateSpec(name="net", settings=settings, root=tmp_path)
        bench = Workbench(
            engine=engine,
            load_model=lambda: MODEL,
            load_data=lambda: DATA,
            references=References(tmp_path),
        )
        gate = Gate(spec=spec, bench=bench)
        assert gate.run().result.notes == ("a note",)
        told = {**engine.told, "progress": None}
        assert told == {**settings.pruning, "calibration": inputs, "progress": None}
        assert engine.seen["calibration"] == inputs


def test_a_gate_within_budget_is_measured_and_staged(tmp_path: Path) -> None:
    revision = Revision("0123abc", dirty=True)
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), revision=revision)
    result = done.result
    assert (result.outcome, result.reason, result.failed) == (Outcome.WITHIN_BUDGET, None, False)
    assert result.layers == (
        LayerResult("dense", 8, 4, "impact", flops=800, flops_kept=400),
        LayerResult("conv", 4, 2, "impact", flops=400, flops_kept=200),
        LayerResult("output", 10, 10, None, "is an output"),
    )
    assert result.metrics["output_shift"] == Measurement(found=0.5)
    assert result.metrics["parameters"] == Measurement(120, 60, 60)
    assert result.source == "net.keras"
    assert result.settings["ratio"] == Setting(0.5, "call")
    assert result.digest_before != result.digest_after
    assert result.versions["keras"] == "3.0"
    assert result.artifact is not None
    assert (result.artifact.path, result.published) == ("out/net.keras", False)


def test_sizes_are_those_of_both_files_saved_the_same_way(tmp_path: Path) -> None:
    done = run(tmp_path, limit("max_size", 10**6), limit("min_size_reduction", 0.1))
    assert done.staged is not None
    before = FakeEngine().save(MODEL, tmp_path / "reference")
    after = done.staged.model.stat().st_size
    assert done.result.metrics["size"] == Measurement(before, after, after)
    assert done.result.metrics["size_reduction"].found == (before - after) / before
    assert {path.name for path in done.staged.folder.iterdir()} == {"net.json", "net.keras"}


def test_sizes_in_an_archive_are_measured_where_that_is_asked_for(tmp_path: Path) -> None:
    plain = run(tmp_path / "plain", limit("max_size", 10**6)).result
    assert "compressed_size" not in plain.metrics
    asked = {"ratio": Setting(0.5, "call"), "measure": Setting(("compression",), "call")}
    settings = dataclasses.replace(resolve(asked), limits=(limit("max_size", 10**6),))
    spec = GateSpec(name="net", settings=settings, root=tmp_path, path=tmp_path / "net.keras")
    bench = Workbench(engine=FakeEngine(), load_model=lambda: MODEL, load_data=lambda: DATA)
    done = Gate(spec=spec, bench=bench, artifacts=tmp_path / "out", owner=os.getpid()).run()
    assert done.staged is not None
    found = done.result.metrics["compressed_size"]
    size = len(zlib.compress(done.staged.model.read_bytes()))
    assert found.after == found.found == size < done.result.metrics["size"].after
    assert found.before > 0


def test_the_manifest_tells_what_was_judged_how_and_of_which_file(tmp_path: Path) -> None:
    revision = Revision("0123abc", dirty=True)
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), revision=revision)
    assert done.staged is not None
    target = publish(done.staged)
    manifest = json.loads(target.with_suffix(".json").read_text())
    assert manifest["schema"] == "pytest-paoding/1"
    assert manifest["file"] == {
        "name": "net.keras",
        "bytes": target.stat().st_size,
        "sha256": sha256_of(target),
    }
    assert manifest["revision"] == {"commit": "0123abc", "dirty": True, "branch": None}
    gate = manifest["gate"]
    assert gate["checks"][0]["limit"] == 0.1
    assert gate["checks"][0]["source"] == "call"
    assert gate["settings"]["ratio"] == {"value": 0.5, "source": "call"}
    assert gate["model"]["digest"] == FakeEngine().digest(MODEL)
    assert gate["versions"] == FakeEngine().versions()
    assert "artifact" not in gate


@pytest.mark.parametrize("forced", (None, "hotfix"))
def test_over_budget_leaves_nothing_unless_forced(tmp_path: Path, forced: str | None) -> None:
    done = run(tmp_path, limit("max_accuracy_decay", 0.01), forced=forced)
    assert done.result.outcome is (Outcome.FORCED if forced else Outcome.OVER_BUDGET)
    assert done.result.forced == forced
    assert done.result.failed == (forced is None)
    assert (done.staged is None) == (forced is None)
    assert ("net.keras" in left_over(tmp_path)) == (forced is not None)


def test_forcing_marks_only_what_is_over_budget(tmp_path: Path) -> None:
    within = run(tmp_path, limit("max_accuracy_decay", 0.1), forced="hotfix").result
    assert (within.outcome, within.forced) == (Outcome.WITHIN_BUDGET, None)
    unjudged = run(tmp_path, limit("max_flops", 1), forced="hotfix").result
    assert (unjudged.outcome, unjudged.forced) == (Outcome.UNJUDGED, None)


def test_only_judging_leaves_no_file(tmp_path: Path) -> None:
    done = run(tmp_path, limit("max_accuracy_decay", 0.1), artifacts=None)
    assert done.result.outcome is Outcome.WITHIN_BUDGET
    assert (done.staged, done.result.artifact) == (None, None)
    assert left_over(tmp_path) == []


def test_data_is_read_before_pruning_and_never_given_to_it(tmp_path: Path) -> None:
    seen = []

    class Watching(FakeEngine):
        def prune(self, model: FakeModel, **options: Any) -> Any:
            seen.extend([model, *options.values()])
            return super().prune(model, **options)

    run(tmp_path, limit("max_size", 1), engine=Watching())
    assert MODEL in seen
    assert DATA not in seen

    def broken() -> None:
        raise DataError("no data")

    engine = FakeEngine()
    done = run(tmp_path, limit("max_size", 1), engine=engine, load_data=broken)
    assert done.result.reason == "no data"
    assert "prune" not in engine.calls


def test_metrics_of_the_users_own_are_judged_like_ours(tmp_path: Path) -> None:
    metric = Metric("f1", Direction.HIGHER)
    own = Limit(metric, 0.9, Level.ERROR, "conftest")
    more = {metric: Measurement(1.0, 0.8, 0.8)}
    done = run(tmp_path, own, measure_more=lambda *_: more)
    assert done.result.outcome is Outcome.OVER_BUDGET
    assert done.result.metrics["f1"] == more[metric]


def test_metrics_of_the_users_own_do_not_replace_ours(tmp_path: Path) -> None:
    more = {Metric("accuracy", Direction.HIGHER): Measurement(1.0, 1.0, 1.0)}
    done = run(tmp_path, limit("min_accuracy", 0.99), measure_more=lambda *_: more)
    assert done.result.outcome is Outcome.UNJUDGED
    assert done.result.reason == "metric 'accuracy' is measured already, use another name"


def test_progress_reaches_the_engine(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run(tmp_path, limit("max_size", 1), progress=lambda *what: told.append(what))
    assert told == [("pruning", 1, 1)]


def test_numbers_of_an_array_library_become_plain(tmp_path: Path) -> None:
    class Foreign(FakeEngine):
        def evaluate(self, *_: Any, **__: Any) -> dict[str, Any]:
            return {"agreement": Measurement(Decimal("0.5"), 3, Decimal("0.5"))}  # type: ignore[arg-type]

    found = run(tmp_path, limit("min_agreement", 0.5), engine=Foreign()).result.metrics["agreement"]
    assert (type(found.before), type(found.after), type(found.found)) == (float, int, float)
