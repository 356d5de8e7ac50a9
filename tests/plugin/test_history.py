"""Trends over the last runs: kept by every run, and drawn by every report that people read."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.__main__ import main
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.runs.history import PastGate, PastRun, trends
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.trends.sparkline import blocks, levels, sparkline
from pytest_paoding.reporting.web.page import page
from support.harmless_logs import harmless
from support.mutated_documents import texts
from support.projects import BUDGET
from support.random_results import results
from support.report_rows import rows_of_markdown, rows_of_page

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.records.results import GateResult
    from support.projects import Project

WITH_HISTORY = BUDGET.replace("ratio", 'history = "runs"\nratio', 1)
REPORTS = ("--paoding-markdown=run.md", "--paoding-html=run.html")


def kept(project: Project) -> list[Path]:
    return sorted((project.path / "runs").glob("*.json"))


def document(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_run_keeps_one_file_whoever_ran_the_gates(project: Project) -> None:
    project.configure(WITH_HISTORY, cnn={}, mlp={"accuracy": [0.9, 0.7]})
    assert project.gate().ret == 1
    (path,) = kept(project)
    found = document(path)
    assert found["schema"] == "pytest-paoding-history/1"
    assert str(found["command"]).startswith("pytest ")
    gates = {name: gate["outcome"] for name, gate in found["gates"].items()}  # type: ignore[attr-defined]
    assert gates == {"cnn": "within-budget", "mlp": "over-budget"}
    assert found["gates"]["cnn"]["metrics"]["accuracy"] == 0.89  # type: ignore[index]


def test_reports_show_what_has_become_of_each_metric(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = single.write("summary.md", "")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for after in (0.885, 0.895, 0.89):
        single.configure(WITH_HISTORY, cnn={"accuracy": [0.9, after]})
        assert single.gate(*REPORTS, "--paoding-github=on").ret == 0
    row = ["cnn", "accuracy", "\u2581\u2588\u2585", "0.8950", "0.8900", "-0.0050", "WORSE"]
    for report in (single.path / "run.md", summary):
        text = report.read_text(encoding="utf-8")
        found = rows_of_markdown(text.rpartition("### Trends")[2], "gate | metric")
        assert row in found
        assert all(len(cells) == len(row) for cells in found)
    shown = (single.path / "run.html").read_text(encoding="utf-8")
    rows = {cells[0]: cells for cells in rows_of_page(shown, "Trends over 3 runs")}
    assert rows["accuracy"][2:5] == ["0.8950", "0.8900", "-0.0050"]
    assert '<span class="out">WORSE</span>' in rows["accuracy"][5]
    assert "accuracy over 3 runs: 0.8850 to 0.8950, now 0.8900" in rows["accuracy"][1]
    assert "outcomes: 3 PRUNED" in rows["outcome"][1]
    assert "accuracy decay" in rows  # it is limited
    assert rows_of_page(shown, "Trends of other metrics")
    assert [cells[5] for cells in rows_of_page(shown, "Last runs")] == [
        "0.8900",
        "0.8950",
        "0.8850",
    ]


def test_a_first_run_has_no_trend_and_a_run_without_a_gate_leaves_nothing(
    single: Project,
) -> None:
    single.configure(WITH_HISTORY, cnn={})
    single.tests("def test_it(): pass")
    single.run("--paoding", "--collect-only")
    single.run()
    single.run("--paoding", "-k", "test_it")
    assert kept(single) == []
    single.gate(*REPORTS)
    assert "Trends" not in (single.path / "run.md").read_text(encoding="utf-8")
    assert "<caption>Trends" not in (single.path / "run.html").read_text(encoding="utf-8")
    assert len(kept(single)) == 1


def test_what_was_found_in_the_cache_is_a_run_too(single: Project) -> None:
    single.configure(WITH_HISTORY, cnn={})
    for _ in range(2):
        single.gate()
    assert single.gates["cnn"]["reused"]
    first, second = map(document, kept(single))
    assert first["gates"] == second["gates"]


def test_broken_files_cost_a_line_and_no_more(single: Project) -> None:
    single.configure(WITH_HISTORY, cnn={})
    single.gate()
    broken = kept(single)[0]
    broken.write_text("[")
    ran = single.gate("-q")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines([f"left out of the history: runs/{broken.name}: is not valid JSON*"])


def test_a_folder_that_is_none_is_refused_before_anything_runs(single: Project) -> None:
    single.configure(WITH_HISTORY, cnn={})
    single.write("runs", "")
    ran = single.gate()
    assert ran.ret == 4
    ran.stderr.fnmatch_lines(["*history: *runs is no folder: name one, or remove what is there"])
    ran = single.gate("--paoding-history=runs/history")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["cannot write runs/history: *; go without this run in the history"])


def test_shards_that_are_merged_are_one_run(single: Project, tmp_path: Path) -> None:
    single.configure(BUDGET, cnn={}, mlp={})
    shards = []
    for name in ("cnn", "mlp"):
        single.gate("-k", name)
        shards.append(single.write(f"{name}.json", (single.path / "run.json").read_text()))
    history = tmp_path / "runs"
    command = ["merge", *map(str, shards), f"--history={history}", f"--html={tmp_path}/all.html"]
    for _ in range(2):
        assert main(command) == 0
    assert len(list(history.iterdir())) == 2
    text = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert text.count("<caption>Trends over 2 runs</caption>") == 2
    (tmp_path / "file").write_text("")
    assert main([*command[:3], f"--history={tmp_path}/file"]) == 1


gates = st.builds(
    PastGate,
    st.sampled_from(Outcome),
    st.dictionaries(
        st.sampled_from(["accuracy", "size", "score@mae", "f1"]) | texts,
        st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        max_size=3,
    ),
    st.none() | st.floats(0, 1),
)
runs = st.builds(
    PastRun,
    created=texts,
    commit=st.none() | texts,
    dirty=st.none() | st.booleans(),
    branch=st.none() | texts,
    gates=st.dictionaries(st.just("net") | texts, gates, max_size=2),
)


@settings(max_examples=40)
@given(results(), st.lists(runs, max_size=6))
def test_whatever_a_history_holds_stays_text_and_can_be_drawn(
    result: GateResult, past: list[PastRun]
) -> None:
    record = RunRecord(exit=0, complete=True, results=[result])
    renamed = [
        PastRun(
            created=each.created,
            commit=each.commit,
            branch=each.branch,
            gates={
                result.name if name == "net" else name: gate for name, gate in each.gates.items()
            },
        )
        for each in past
    ]
    found = trends(renamed, PastRun.from_record(record)) if result.metrics else {}
    text = page(record, found)
    assert "<b>" not in text
    assert not re.search(
        r"\bnan\b|\binf\b", " ".join(re.findall(r'(?:points|cx|cy)="([^"]*)"', text))
    )
    harmless(markdown(record, found))
    for drawn in re.findall(r'<svg class="trend".*?</svg>', text):
        label = re.search(r'role="img" aria-label="([^"]+)"', drawn)
        assert label is not None
        assert html.unescape(label[1]).strip()
        assert f"<title>{label[1]}</title>" in drawn


@given(
    st.lists(
        st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63),
        min_size=1,
    )
)
def test_levels_lie_between_the_least_and_the_greatest(values: list[float | None]) -> None:
    found = levels(values)
    assert [each is None for each in found] == [each is None for each in values]
    pairs = sorted(pair for pair in zip(values, found, strict=True) if pair[0] is not None)
    heights = [level for _, level in pairs if level is not None]
    assert heights == sorted(heights)
    assert all(0 <= each <= 1 for each in heights)
    assert len(blocks(values)) == min(20, len(values))


@pytest.mark.parametrize(
    ("values", "lines", "dots"),
    (
        ([1, 2, 3], 1, 1),
        ([1, 2, None, 3, 4], 2, 1),
        ([1, None, 2], 0, 2),
        ([1, 2, None], 1, 0),
        ([5, 5, 5], 1, 1),
    ),
)
def test_a_line_has_gaps_and_ends_with_a_dot(
    values: list[float | None], lines: int, dots: int
) -> None:
    drawn = sparkline(values, "words")
    assert drawn.count("<polyline") == lines
    assert len(set(re.findall(r"<circle [^>]*>", drawn))) == dots


def test_sections_of_the_markdown_stand_apart(single: Project) -> None:
    single.configure(WITH_HISTORY.replace("ratio", 'require = ["a", "b"]\nratio', 1), cnn={})
    for _ in range(2):
        single.gate("-k", "cnn", *REPORTS)
    lines = (single.path / "run.md").read_text(encoding="utf-8").splitlines()
    assert "Required gate a did not run.  " in lines
    for place, line in enumerate(lines):
        assert not line.startswith("#") or place == 0 or lines[place - 1] == "", line
