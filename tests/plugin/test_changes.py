"""What has changed since an earlier run, in every report, whether it is limited or not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.gate.merging import merged
from pytest_paoding.records.baseline import Entry
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.measurement import Measurement
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs.changes import Earlier, RunChanges, changes, is_headline
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting.change_rows import change_rows
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.web.page import page
from support.projects import BUDGET
from support.random_results import results
from support.report_rows import rows_of_markdown, rows_of_page, typed

if TYPE_CHECKING:
    from support.projects import Project

REPORTS = ("--paoding-markdown=run.md", "--paoding-html=run.html", "--paoding-github=on")
FACTS = {"robust": {"0.05": [0.8, 0.7]}}
WORDS = {True: "better", False: "WORSE"}


@settings(max_examples=30)
@given(st.lists(results(), max_size=3, unique_by=lambda each: each.name), st.data())
def test_every_report_has_the_same_rows(found: list[GateResult], data: st.DataObject) -> None:
    old = {each.name: Entry.from_result(data.draw(results())) for each in found}
    since = changes(Earlier("b.json", old), found)
    run = RunRecord(exit=0, complete=True, results=found, changes=since)
    document = json.loads(to_json(run.to_dict()))
    assert RunRecord.from_dict(document).changes == since
    rows = change_rows(since)
    if rows:
        assert rows_of_markdown(markdown(run), "gate | metric") == rows
        shown = rows_of_page(page(run), "Changes since b.json")
        assert [row[:5] for row in shown] == [row[:5] for row in rows]
    told = iter(rows)
    for gate, found_of_gate in since.gates.items():
        headlines = {name for name in old[gate].metrics if is_headline(name)}
        assert headlines <= {change.metric for change in found_of_gate}
        for change in found_of_gate:
            row = next(told)
            assert (row[0], typed(row[1]).replace(" ", "_")) == (gate, change.metric)
            same = change.before is not None and change.before == change.now
            assert row[5] == WORDS.get(bool(change.better), "") * (
                change.better is not None
            ) + "same" * (same and change.better is None)


@pytest.mark.parametrize(
    ("metric", "before", "now", "row"),
    (
        ("accuracy", 0.9, 0.91, ["0.9000", "0.9100", "+0.0100", "better"]),
        ("error@mae", 0.2, 0.25, ["0.2", "0.25", "+0.05", "WORSE"]),
        ("size", 2_000_000, 1_000_000, ["2.0 MB", "1.0 MB", "-50.0%", "better"]),
        ("parameters", 0, 5, ["0", "5", "+5", "WORSE"]),
        ("flops", 7, 7, ["7", "7", "0.0%", "same"]),
        ("f1 of mine", 0.5, 0.6, ["0.5", "0.6", "+0.1", ""]),
        ("robust_accuracy@0.1", 0.5, None, ["0.5000", "-", "-", ""]),
    ),
)
def test_a_change_is_told_in_the_unit_of_its_metric(
    metric: str, before: float, now: float | None, row: list[str]
) -> None:
    metrics = {metric: Measurement(found=now)}
    gate = GateResult(name="net", outcome=Outcome.WITHIN_BUDGET, metrics=metrics)
    found = changes(Earlier("b.json", {"net": Entry({metric: before})}), [gate])
    assert [cells[2:] for cells in change_rows(found)] == [row]


def test_an_earlier_report_is_compared_though_nothing_is_limited(project: Project) -> None:
    project.configure(BUDGET, cnn={**FACTS}, old={})
    project.run("--paoding", "--paoding-json=base.json")
    project.configure(BUDGET, cnn={**FACTS, "accuracy": [0.9, 0.895]}, young={})
    # the file that is compared with may be the one that is written
    ran = project.run("--paoding", "--paoding-compare=base.json", "--paoding-json=base.json")
    assert ran.ret == 0
    found = json.loads((project.path / "base.json").read_text())["changes"]
    assert (found["since"], found["new"], found["gone"]) == ("base.json", ["young"], ["old"])
    moved = {each["metric"]: each["better"] for each in found["gates"]["cnn"]}
    assert moved["accuracy"] is True
    assert moved["robust_accuracy@0.05"] is None


def test_the_baseline_is_compared_where_no_report_is_given(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = single.write("summary.md", "")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    with_baseline = BUDGET.replace("ratio", 'baseline = "b.json"\nratio', 1)
    with_baseline += '[tool.paoding.regression]\nmax_parameters_increase = "9%"\n'
    single.configure(with_baseline, cnn={**FACTS})
    single.gate("--paoding-update-baseline")
    single.configure(with_baseline, cnn={**FACTS, "accuracy": [0.9, 0.885]})
    assert single.gate(*REPORTS).ret == 0
    for report in (summary, single.path / "run.md", single.path / "run.html"):
        text = report.read_text()
        assert "Changes since b.json" in text
        assert "-0.0050" in text


@pytest.mark.parametrize(
    ("content", "line"),
    (
        (None, "*base.json: cannot be read: *"),
        ("[", "*base.json: is not valid JSON: *"),
        ("{}", "*base.json: is no report of --paoding-json: *"),
    ),
)
def test_what_is_no_earlier_run_is_refused_before_anything_runs(
    single: Project, content: str | None, line: str
) -> None:
    single.configure(BUDGET, cnn={})
    if content is not None:
        single.write("base.json", content)
    ran = single.gate("--paoding-compare=base.json")
    assert ran.ret == 4
    ran.stderr.fnmatch_lines([line])
    assert single.published == []


def test_heads_of_reports_say_when_and_where_from(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    for command in ("init -q -b topic", "add -A", "commit -qm x"):
        named = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        assert single.pytester.run("git", *named, *command.split()).ret == 0
    assert single.gate(*REPORTS[:2], "--deselect=<b>|x").ret == 0
    around = single.document["environment"]
    assert around["branch"] == "topic"
    assert around["command"].startswith("pytest ")
    for report in ("run.md", "run.html"):
        text = (single.path / report).read_text()
        assert all(fact in text for fact in (around["commit"][:12], "topic", " UTC"))
        assert "<b>" not in text.replace("\\<b>", "")


def test_shards_that_were_compared_with_one_run_are_one() -> None:
    one = RunChanges("b.json", {"a": ()}, ("n",), ("b", "c"))
    two = RunChanges("b.json", {"b": ()}, (), ("a", "c"))
    runs = {
        name: RunRecord(exit=0, complete=True, changes=found)
        for name, found in (("1", one), ("2", two), ("3", None))
    }
    assert merged(runs).changes == RunChanges("b.json", {"a": (), "b": ()}, ("n",), ("c",))
    runs["2"] = replace(runs["2"], changes=replace(two, since="other.json"))
    assert merged(runs).changes is None
