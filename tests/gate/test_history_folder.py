"""The folder of a history: whatever stands in it costs a line, and never the run."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.documents.read_documents import past_run_of
from pytest_paoding.errors import ConfigError
from pytest_paoding.gate import history_folder
from pytest_paoding.gate.history_folder import KEPT, HistoryFolder, require_folder
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.history import SHOWN, PastGate, PastRun, Trend, trends
from pytest_paoding.records.runs.run_record import RunRecord
from support.mutated_documents import mutated, spoilt
from support.random_results import results

if TYPE_CHECKING:
    from pathlib import Path

TIME = "2026-11-30T13:23:{:02}+00:00"


def run(value: float | None, *, second: int = 0, **more: float | None) -> PastRun:
    values = {"net": value, **more}
    gates = {
        name: PastGate(Outcome.WITHIN_BUDGET, {"accuracy": each}) for name, each in values.items()
    }
    return PastRun(created=TIME.format(second % 60), commit="c" * 40, gates=gates)


def record(*values: float) -> RunRecord:
    gates = [
        GateResult(
            name=f"net{place or ''}",
            outcome=Outcome.WITHIN_BUDGET,
            metrics={"accuracy": Measurement(found=value)},
        )
        for place, value in enumerate(values)
    ]
    return RunRecord(exit=0, complete=True, results=gates)


@pytest.fixture
def folder(tmp_path: Path) -> HistoryFolder:
    return HistoryFolder(tmp_path / "deep" / "history", "history")


def put(folder: HistoryFolder, place: int, run: PastRun | str) -> Path:
    """Put a run, or what is none, into a folder under the name of the run at a place in time."""
    folder.path.mkdir(parents=True, exist_ok=True)
    stamp = f"20261130T1323{place // 100 % 60:02}.{place % 100:03}Z"
    path = folder.path / f"{stamp}-{place:08x}.json"
    path.write_text(run if isinstance(run, str) else json.dumps(run.to_dict()), encoding="utf-8")
    return path


def test_each_run_is_a_file_of_its_own(folder: HistoryFolder) -> None:
    assert folder.read(["net"]) == ([], [])
    for value in (0.5, 0.25, 0.75):
        assert folder.write(run(value)) is None
    names = sorted(path.name for path in folder.path.iterdir())
    assert len(names) == 3
    assert all(re.fullmatch(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.json", name) for name in names)
    found, lines = folder.read(["net"])
    assert lines == []
    assert {each.gates["net"].metrics["accuracy"] for each in found} == {0.5, 0.25, 0.75}


@given(results())
def test_a_gate_is_the_same_after_a_trip_through_its_file(result: GateResult) -> None:
    now = PastRun.from_record(RunRecord(exit=0, complete=True, results=[result]))
    again = past_run_of(json.loads(json.dumps(now.to_dict(), allow_nan=False)), label="x")
    assert again == now


def test_a_run_is_compared_with_those_before_it_and_kept(folder: HistoryFolder) -> None:
    assert folder.remember(record(0.5)) == ({}, [])
    found, lines = folder.remember(record(0.75, 0.1))
    assert lines == []
    assert list(found) == ["net"]  # the other one is new
    assert found["net"].trends == (Trend("accuracy", (0.5, 0.75), better=True),)
    assert folder.remember(RunRecord(exit=0, complete=True)) == ({}, [])
    assert len(list(folder.path.iterdir())) == 2


BROKEN = {
    "": "is not valid JSON: ",
    "{": "is not valid JSON: ",
    '{"schema": NaN}': "is not valid JSON: NaN is no number in JSON",
    "[1e999]": "is not valid JSON: 1e999 is beyond all numbers",
    "[" * 100 + "]" * 100: "is not valid JSON: is nested too deeply",
    " " * (4 << 20) + "{}": "is not valid JSON: is larger than 4,194,304 bytes",
    '{"schema": "pytest-paoding/1"}': "is no run of a history: its schema is 'pytest-paoding/1'",
    '"pytest-paoding-history/1"': "is no run of a history: its schema is None",
    '{"schema": "pytest-paoding-history/1"}': "is not as its schema says: ",
}


@pytest.mark.parametrize("content", BROKEN, ids=[text[:30] for text in BROKEN.values()])
def test_what_is_no_run_is_left_out_with_a_line(folder: HistoryFolder, content: str) -> None:
    put(folder, 1, run(0.5))
    name = put(folder, 2, content).name
    found, lines = folder.read(["net"])
    assert len(found) == 1
    assert lines[0].startswith(f"left out of the history: history/{name}: {BROKEN[content]}")
    assert len(lines) == 1
    assert len(lines[0]) < 500


@pytest.mark.parametrize(
    ("change", "line"),
    (
        ({"created": "<b>now</b>"}, "created: "),
        ({"commit": 3}, "commit: "),
        ({"gates": [1]}, "gates: "),
        ({"gates": {"net": {"outcome": "fine", "ratio": 1, "metrics": {}}}}, "outcome: "),
        (
            {"gates": {"net": {"outcome": "forced", "ratio": None, "metrics": {"f1": True}}}},
            "f1: input should be a number",
        ),
    ),
)
def test_the_line_says_where(folder: HistoryFolder, change: dict[str, object], line: str) -> None:
    put(folder, 1, json.dumps({**run(0.5).to_dict(), **change}))
    found, (told,) = folder.read(["net"])
    assert found == []
    assert line in told


def test_what_a_later_version_adds_is_left_out(folder: HistoryFolder) -> None:
    put(folder, 1, json.dumps({**run(0.5).to_dict(), "weather": "fine"}))
    assert folder.read(["net"]) == ([run(0.5)], [])


@given(st.data())
def test_whatever_a_file_holds_is_a_run_or_one_line(data: st.DataObject) -> None:
    plain = run(0.5).to_dict()
    text = data.draw(mutated(plain).map(str.encode) | spoilt(json.dumps(plain)))
    try:
        document = history_folder.document_of(text, label="x")
        found = past_run_of(document, label="x")
    except ConfigError as refusal:
        told = str(refusal)
    else:
        told = str(len(trends([found], run(0.25))))
    assert "\n" not in told


@pytest.mark.skipif(os.name == "nt", reason="there are no FIFOs, and links need a permission")
def test_only_plain_files_are_opened(folder: HistoryFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(run(0.5).to_dict()))
    places = [put(folder, number, run(0.5)) for number in range(4)]
    for path in places[1:]:
        path.unlink()
    places[1].symlink_to(secret)
    os.mkfifo(places[2])
    places[3].mkdir()
    found, lines = folder.read(["net"])
    assert len(found) == 1
    assert len(lines) == 3
    assert all(line.endswith(": is no plain file") for line in lines)


def test_the_folder_itself_may_be_a_link(folder: HistoryFolder, tmp_path: Path) -> None:
    put(folder, 1, run(0.5))
    (tmp_path / "link").symlink_to(folder.path)
    linked = HistoryFolder(tmp_path / "link", "link")
    assert linked.write(run(0.75)) is None
    assert len(linked.read(["net"])[0]) == 2


def test_what_has_other_names_is_told_only_where_it_may_be_meant(folder: HistoryFolder) -> None:
    put(folder, 1, run(0.5))
    for name in ("README.md", ".gitkeep", ".paoding-0-1-2.json", "run.json"):
        (folder.path / name).write_text("{}")
    assert folder.read(["net"])[1] == [
        "left out of the history: history/run.json: is not named as a run is"
    ]


def test_many_broken_files_are_few_lines(folder: HistoryFolder) -> None:
    for number in range(9):
        put(folder, number, "{")
    lines = folder.read(["net"])[1]
    assert len(lines) == 4
    assert lines[-1] == "left out of the history: 6 more files"


def test_each_gate_has_its_last_runs_and_no_more_is_read(folder: HistoryFolder) -> None:
    put(folder, 0, "{")  # older than all that are needed
    for number in range(SHOWN):
        put(folder, 1 + number, run(0.5, rare=0.5))
    for number in range(20):
        put(folder, 1 + SHOWN + number, run(0.25, other=1.0))
    found, lines = folder.read(["net", "rare"])
    assert lines == []
    assert sum("net" in each.gates for each in found) == SHOWN + 20 - 1
    assert sum("rare" in each.gates for each in found) == SHOWN - 1
    assert not any("other" in each.gates for each in found)
    drawn = trends(found, run(0.75))["net"]
    assert drawn.trends[0].values[-21:] == (*[0.25] * 20, 0.75)
    assert len(drawn.runs) == SHOWN


def test_the_oldest_runs_are_removed_and_nothing_else(folder: HistoryFolder) -> None:
    for number in range(KEPT + 5):
        put(folder, number, run(0.5))
    kept = folder.path / "notes.json"
    kept.write_text("{}")
    assert folder.write(run(0.75)) is None
    assert kept.exists()
    names = sorted(path.name for path in folder.path.iterdir() if path != kept)
    assert len(names) == KEPT
    assert names[0].endswith(f"{6:08x}.json")


def test_a_folder_that_cannot_be_written_costs_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found, lines = HistoryFolder(tmp_path / "file" / "history", "h").remember(record(0.5))
    assert found == {}
    assert len(lines) == 1
    assert re.fullmatch(r"cannot write h: .+; go without this run in the history", lines[0])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden there")
def test_a_cache_that_is_only_read_is_read(folder: HistoryFolder) -> None:
    put(folder, 1, run(0.5))
    folder.path.chmod(0o555)
    found, (line,) = folder.remember(record(0.75))
    folder.path.chmod(0o755)
    assert found["net"].trends[0].values == (0.5, 0.75)
    assert "allow it, or go without this run in the history" in line


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    require_folder(tmp_path)
    require_folder(tmp_path / "none")
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(ConfigError, match="is no folder: name one, or remove what is there"):
        require_folder(path)


def test_gaps_stay_gaps_and_one_value_is_no_trend() -> None:
    past = [run(0.5, a=None), run(None, a=0.5), run(0.75), run(None, a=None)]
    found = trends(past, run(0.25, a=None, new=1.0))
    assert found["net"].trends == (Trend("accuracy", (0.5, None, 0.75, None, 0.25), better=False),)
    assert found["net"].trends[0].change.before == 0.75
    assert found["a"].trends == ()
    assert "new" not in found
    undefined = trends([run(0.5), run(0.75)], run(None))["net"].trends[0]
    assert (undefined.values[-1], undefined.better) == (None, None)


def test_what_is_not_finite_or_derived_is_not_kept() -> None:
    metrics = {
        "accuracy": Measurement(found=0.123456789),
        "divergence": Measurement(found=float("nan")),
        "accuracy_drop": Measurement(found=0.1),
        "latency_ratio": Measurement(found=0.5),
    }
    gate = GateResult(name="net", outcome=Outcome.OVER_BUDGET, metrics=metrics)
    kept = PastGate.from_result(gate)
    assert kept.metrics == {"accuracy": 0.123457, "divergence": None, "latency_ratio": 0.5}
    assert kept.outcome is Outcome.OVER_BUDGET
