"""The first pattern that matches counts: whatever holds patterns keeps and tells their order."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import execnet
import pytest

from pytest_paoding.config.documents.read_documents import (
    baseline_of,
    manifest_result,
    read_run,
)
from pytest_paoding.gate.keeping.store import Store
from pytest_paoding.gate.merging import merged
from pytest_paoding.isolation.crossing import Crossing
from pytest_paoding.plugin.distribution.carried import Carried
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.results import GateResult, Setting
from pytest_paoding.records.runs.revision import Revision
from pytest_paoding.records.runs.run_record import RunRecord, surroundings
from pytest_paoding.records.text.jsonable import to_json
from support.gates import limit, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHARES = {"h2": 0.2, "a*": 0.4, "*": 0.6}
ORDERS = [dict(each) for each in permutations(SHARES.items())]


def found(folder: Path, ratios: dict[str, float], **options: Any) -> GateResult:
    """Return the record of a gate with such ratios."""
    return run(folder, limit("max_size", 10**6), ratios=ratios, **options).result


def told(result: GateResult) -> list[Any]:
    return list(result.settings["ratios"].value.items())


def of_report(result: GateResult, folder: Path) -> GateResult:
    around = surroundings([result], Revision(), "pytest --paoding")
    record = RunRecord(exit=0, complete=True, results=[result], environment=around)
    (folder / "report.json").write_text(to_json(record.to_dict()), encoding="utf-8")
    return read_run(folder / "report.json").results[0]


def of_merge(result: GateResult, folder: Path) -> GateResult:
    of_report(result, folder)
    whole = merged({"report.json": read_run(folder / "report.json")})
    text = to_json(whole.to_dict())
    (folder / "report.json").write_text(text, encoding="utf-8")
    return read_run(folder / "report.json").results[0]


def of_manifest(_: GateResult, folder: Path) -> GateResult:
    (path,) = folder.glob("out/**/net.json")
    return manifest_result(json.loads(path.read_text(encoding="utf-8")), path)


def of_baseline(result: GateResult, folder: Path) -> GateResult:
    text = Baseline(folder, "", {"net": Entry.from_result(result)}).to_text()
    entry = baseline_of(json.loads(text), folder, label="b").entries["net"]
    return replace(result, settings={"ratios": Setting(entry.settings["ratios"], "call")})


def of_worker(result: GateResult, _: Path) -> GateResult:
    report = pytest.TestReport("test_it.py::test_it", ("", None, ""), {}, "passed", None, "call")
    Carried(results=(result,)).onto(report)
    sent = execnet.loads(execnet.dumps(report._to_json()))  # as xdist does
    carried = Carried.from_report(pytest.TestReport._from_json(sent))
    assert carried is not None
    return carried.results[0]


def of_child(result: GateResult, folder: Path) -> GateResult:
    ways = Crossing(folder / "here"), Crossing(folder / "there", kept={})
    sent = json.loads(json.dumps(ways[0].arguments({"ratios": dict(told(result))})))
    ratios = ways[1].value(sent)["ratios"]
    return replace(result, settings={"ratios": Setting(ratios, "call")})


WAYS = (of_report, of_merge, of_manifest, of_baseline, of_worker, of_child)


@pytest.mark.parametrize("ratios", ORDERS, ids=" ".join)
@pytest.mark.parametrize("way", WAYS)
def test_the_order_survives(
    tmp_path: Path, way: Callable[[GateResult, Path], GateResult], ratios: dict[str, float]
) -> None:
    result = found(tmp_path, ratios)
    assert told(way(result, tmp_path)) == list(ratios.items())


def test_what_is_kept_is_that_of_the_same_order(tmp_path: Path) -> None:
    shared = {"store": Store(tmp_path / "cache"), "identify": lambda: "model"}
    for reused in (False, True):
        for ratios in ORDERS:
            assert found(tmp_path, ratios, **shared).reused is reused


def test_a_baseline_tells_two_orders_apart() -> None:
    entries = [Entry({}, {"ratios": ratios}) for ratios in ORDERS]
    for one in entries:
        assert [each for each in entries if not one.differences(each)] == [one]
