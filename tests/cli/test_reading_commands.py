"""The commands that read what gates have found: compare, show, merge and schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.__main__ import main
from pytest_paoding.records.baseline import Baseline, Entry
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.plan import LayerPlan, Plan
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json
from support.projects import BUDGET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.projects import Project


def gate(name: str, **found: float) -> GateResult:
    metrics = {key.replace("_at_", "@0."): Measurement(found=value) for key, value in found.items()}
    return GateResult(name=name, outcome=Outcome.WITHIN_BUDGET, nodeid=name, metrics=metrics)


def report(path: Path, *gates: GateResult, **more: Any) -> str:
    run = RunRecord(**{"exit": 0, "complete": True, "results": gates, **more})
    path.write_text(to_json(run.to_dict()), encoding="utf-8")
    return str(path)


def baseline(path: Path, *gates: GateResult) -> str:
    entries = {each.name: Entry.from_result(each) for each in gates}
    path.write_text(Baseline(path, path.name, entries).to_text(), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("write", (report, baseline))
@pytest.mark.parametrize(
    ("new", "options", "status", "shown"),
    (
        ({"size": 1000, "accuracy": 0.9}, [], 0, "net: ok"),
        ({"size": 900, "accuracy": 0.95}, [], 0, "net: ok"),
        ({"size": 1001, "accuracy": 0.9}, [], 1, "net: WORSE"),
        ({"size": 1001, "accuracy": 0.9}, ["--max-size-increase=1%"], 0, "net: ok"),
        ({"size": 1001, "accuracy": 0.9}, ["--max-size-increase=off"], 0, "net: ok"),
        ({"size": 1000, "accuracy": 0.8}, ["--max-size-increase=1%"], 1, "net: WORSE"),
        ({"size": 1000}, [], 1, "net: UNJUDGED"),
    ),
)
def test_compare_exits_with_1_if_anything_got_worse(  # noqa: PLR0917 - drawn from tables
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    write: Callable[..., str],
    new: dict[str, float],
    options: list[str],
    status: int,
    shown: str,
) -> None:
    old = write(tmp_path / "old.json", gate("net", size=1000, accuracy=0.9))
    assert main(["compare", old, report(tmp_path / "new.json", gate("net", **new)), *options]) == (
        status
    )
    assert shown in capsys.readouterr().out.splitlines()


def test_compare_shows_every_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = report(tmp_path / "old.json", gate("net", size=1000, robust_accuracy_at_1=0.5))
    new = report(tmp_path / "new.json", gate("net", size=1500, robust_accuracy_at_1=0.5))
    assert main(["compare", old, new]) == 1
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["net:", "WORSE"],
        ["before", "after", "found", "limit", "verdict"],
        ["robustness", "drop", "@0.1", "0.5000", "0.5000", "0.0000", "<=", "0.0000", "ok"],
        [
            "size",
            "increase",
            "1.0",
            "kB",
            "1.5",
            "kB",
            "50.0%",
            "<=",
            "0.0%",
            "OVER",
            "by",
            "50.0%",
        ],
        [],
        ["1", "compared,", "1", "worse", "or", "missing,", "0", "new"],
    ]


def test_a_gate_that_is_gone_is_no_pass_and_a_new_one_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = report(tmp_path / "old.json", gate("a", size=1), gate("gone", size=1))
    new = report(tmp_path / "new.json", gate("a", size=1), gate("fresh", size=1))
    assert main(["compare", old, new]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("gone: UNJUDGED") + 1] == "  is missing from NEW"
    assert lines[-2:] == ["fresh: new", "2 compared, 1 worse or missing, 1 new"]
    assert main(["compare", new, new]) == 0


def test_compare_flags_another_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = replace(gate("a", size=1), versions={"keras": "3.5"})
    new = replace(gate("a", size=1), versions={"keras": "3.6"})
    assert main(["compare", report(tmp_path / "o", old), report(tmp_path / "n", new)]) == 0
    assert "  OLD was made with keras 3.5, here 3.6" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("command", (["compare", "{}", "{}"], ["show", "{}"], ["merge", "{}"]))
@pytest.mark.parametrize(
    ("content", "line"),
    (
        (None, "cannot be read: No such file or directory"),
        ("{", "is not valid JSON: "),
        ("[1]", "its schema is None, not 'pytest-paoding/1'"),
        ('{"schema": "pytest-paoding/2"}', "its schema is 'pytest-paoding/2', not"),
        (
            '{"schema": "pytest-paoding/1", "session": {}}',
            "is not as its schema says: session.exit: is missing",
        ),
    ),
)
def test_a_file_of_another_kind_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    content: str | None,
    line: str,
) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    assert main([part.format(path) for part in command]) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"python -m pytest_paoding: error: {path}: ")
    assert line in told[0]
    assert ("; shown are models (.keras, .h5, .hdf5), plans" in told[0]) is (command[0] == "show")


@pytest.mark.parametrize("name", ("notes.txt", "model.tflite", "folder", "model.npz"))
def test_show_of_anything_else_says_what_it_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_bytes(b"\x1c\x00\xffTFL3")
    assert main(["show", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.endswith(
        ", reports of --paoding-json, manifests of published models, and baselines\n"
    )


def test_show_prints_plans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan((LayerPlan("a", 3, (0, 2), "magnitude"), LayerPlan("b", 2, (0, 1), reason="why")))
    plan.save(tmp_path / "plan.json")
    assert main(["show", str(tmp_path / "plan.json")]) == 0
    assert capsys.readouterr().out == plan.explain() + "\n"


def test_show_prints_what_the_run_printed(ran: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(ran.path / "run.json")]) == 0
    out = capsys.readouterr().out
    assert "bad   OVER BUDGET    accuracy decay 0.4000 > 0.0200" in out
    assert "pyproject.toml [tool.paoding.budget]" in out
    assert "3 gates, 1 pruned, 1 over budget, 1 unjudged" in out


def test_show_prints_manifests_and_baselines(
    ran: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(ran.artifacts / "good.json")]) == 0
    assert "1 gate, 1 pruned" in capsys.readouterr().out
    assert main(["show", baseline(tmp_path / "b.json", gate("net", size=1500))]) == 0
    assert capsys.readouterr().out.split() == [
        "net",
        "before",
        "after",
        "found",
        "size",
        "-",
        "-",
        "1.5",
        "kB",
    ]
    broken = ran.write("broken.json", '{"schema": "pytest-paoding/1", "gate": {}}')
    assert main(["show", str(broken)]) == 1


def test_show_tells_what_a_session_lacked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = report(tmp_path / "r", required=["own"], baseline=["old"], faults=["cannot write x"])
    assert main(["show", path]) == 0
    assert capsys.readouterr().out.split("\n")[1:-1] == [
        "cannot write x",
        "required gate own did not run",
        "baseline entry old is stale",
    ]


def test_shards_merge_into_what_one_run_says(
    single: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    text_ = BUDGET.replace("[tool.paoding]", '[tool.paoding]\nrequire = ["one", "two"]')
    single.configure(text_, one={}, two={"accuracy": [0.9, 0.5]}, six={})
    single.gate()
    whole = single.document
    names = ["one or six", "two"]
    for place, wanted in enumerate(names):
        single.run("--paoding", "-k", wanted, f"--paoding-json=shards/{place}.json")
    paths = [str(single.path / "shards" / f"{place}.json") for place in range(2)]
    out = single.path / "all.json"
    assert main(["merge", *paths, "--json", str(out), "--markdown", f"{out}.md"]) == 1
    assert "3 gates, 2 pruned, 1 over budget" in capsys.readouterr().out
    found = json.loads(out.read_text())
    for key in ("exit", "complete", "failed", "required_missing", "selected", "partial"):
        assert found["session"][key] == whole["session"][key]
    for both in (found, whole):
        for each in both["gates"]:
            each.pop("duration")
            each.pop("spent")
            each.pop("reused")
    assert found["gates"] == whole["gates"]
    assert "| two | OVER BUDGET |" in (single.path / "all.json.md").read_text()
    assert main(["merge", paths[0]]) == 1
    assert "required gate two ran in no shard" in capsys.readouterr().out


def test_a_result_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = report(tmp_path / "r")
    with pytest.raises(SystemExit) as caught:
        main(["merge", path, "--json", f"{path}/x"])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert f"error: argument --json: {path}/x: {path} is no folder: name another file" in told
    assert told.count("\n") == 1


"""Keys under which a document holds whatever there is."""
