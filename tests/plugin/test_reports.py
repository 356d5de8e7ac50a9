"""What is printed and written, how much of it, and where it cannot be."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.runs import Run
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting import github, progress, terminal, wording
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.page import page
from pytest_paoding.reporting.properties import properties
from support.fake_engine import FakeEngine
from support.projects import BUDGET
from support.random_results import results

if TYPE_CHECKING:
    from support.projects import Project


ROOT = Path(__file__).parents[2]


@pytest.fixture
def three(single: Project) -> Project:
    single.configure(BUDGET, good={}, bad={"accuracy": [0.9, 0.5]}, odd={"layers": {}})
    return single


def test_quiet_runs_say_nothing_unless_something_failed(three: Project) -> None:
    three.gate("-q").stdout.fnmatch_lines(["*= paoding =*", "bad   OVER BUDGET  *", "3 gates, *"])
    quiet = three.gate("-q", "-k", "good")
    quiet.stdout.no_fnmatch_line("*paoding*")


@pytest.mark.parametrize(
    ("option", "lines", "absent"),
    (
        ("none", [], "*OVER BUDGET   *"),
        ("failed", ["bad  OVER BUDGET*", "odd  UNJUDGED*"], "good *"),
        ("all", ["bad   OVER BUDGET*", "good  within budget", "odd   UNJUDGED*"], "  layer *"),
    ),
)
def test_how_many_gates_the_summary_shows(
    three: Project, option: str, lines: list[str], absent: str
) -> None:
    ran = three.gate(f"--paoding-report={option}", "--paoding-no-artifacts")
    ran.stdout.fnmatch_lines(lines)
    ran.stdout.no_fnmatch_line(absent)


def test_what_is_estimated_from_samples_is_shown_with_its_interval(single: Project) -> None:
    facts = {"accuracy": [0.9, 0.885], "changed": [870, 30, 15, 85]}
    single.configure(BUDGET, sure=facts)
    single.gate().stdout.fnmatch_lines(
        ["sure: accuracy decay: 1000 samples are too few to tell 0.0150 from 0.0200"]
    )
    ran = single.gate("--paoding-confidence=95%")
    ran.stdout.fnmatch_lines(
        [
            "sure OVER BUDGET: accuracy decay 0.0291 > 0.0200 (bound at 95%, found 0.0150)",
            "  * before * after * found * 95% interval * limit * verdict",
            "  accuracy decay * 0.0150  0.0019 to 0.0291 at 95%  <= 0.0200  OVER by 0.0091 at 95%",
        ]
    )
    (check,) = single.gates["sure"]["checks"]
    assert (check["confidence"], check["evidence"]["lost"]) == (0.95, 30)
    assert (round(check["low"], 4), round(check["high"], 4)) == (0.0019, 0.0291)


def test_with_v_every_layer_and_every_metric_is_shown(three: Project) -> None:
    ran = three.gate("-v", "-k", "good")
    ran.stdout.fnmatch_lines(
        [
            "good  published *",
            "  layer * before * after  chosen by  why not more",
            "  dense * 8 * 4  impact",
            "  output * 10 * 10  * is an output",
            "  * before * after * found",
            "  parameters * 120 * 60 * 60",
            "  accuracy decay * 0.9000 * 0.8900 * 0.0100",
        ]
    )


def test_a_failure_with_v_says_where_every_limit_and_setting_comes_from(three: Project) -> None:
    ran = three.gate("-v", "-k", "bad")
    ran.stdout.fnmatch_lines(
        [
            "  accuracy decay * OVER by 0.3800  pyproject.toml ?tool.paoding.budget?",
            "settings: ratio 0.5 (pyproject.toml ?tool.paoding?), built-in: strategy rec*",
        ]
    )


@pytest.mark.parametrize("encoding", ("ascii", "cp1252"))
def test_output_is_plain_ascii_where_names_are(
    three: Project, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    monkeypatch.setenv("COLUMNS", "40")
    command = [sys.executable, "-m", "pytest", *three.plugins, "--paoding", "-v", "-W", "error"]
    ran = three.pytester.run(*command)
    assert ran.ret == 1
    assert "\n".join([*ran.outlines, *ran.errlines]).isascii()
    ran.stdout.no_fnmatch_line("*\\\\u*")


def test_documents_on_the_terminal(three: Project) -> None:
    ran = three.run("--paoding", "--paoding-json=-", "--paoding-markdown=-", "-k", "good")
    text = ran.stdout.str()
    found = json.loads(text[text.index("\n{") : text.index("\n}\n") + 2])
    assert found["schema"] == "pytest-paoding/1"
    ran.stdout.fnmatch_lines(["## paoding", "| gate | outcome | grounds | file |"])


def test_documents_that_cannot_be_written_fail_the_run(three: Project) -> None:
    three.write("file", "")
    ran = three.run("--paoding", "-k", "good", "--paoding-json=file/run.json")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["cannot write file/run.json: *"])


def test_documents_are_the_same_however_the_run_was_distributed(project: Project) -> None:
    project.configure(BUDGET, b={}, a={"accuracy": [0.9, 0.5]}, c={"layers": {}})
    project.gate("-p", "no:cacheprovider")
    found = project.document
    assert [gate["name"] for gate in found["gates"]] == ["a", "b", "c"]
    assert found["environment"]["tensorflow"] == "2.0"
    assert found["session"]["workers"] == (2 if "-n2" in project.plugins else 0)
    for gate in found["gates"]:
        assert gate.pop("worker") in ({"gw0", "gw1"} if "-n2" in project.plugins else {None})
        assert gate.pop("duration") >= 0
    same = json.dumps(found["gates"], sort_keys=True)
    assert len(same) > 1000
    assert "/tmp" not in same


@settings(max_examples=60)
@given(results())
def test_every_report_tells_the_same_outcome(result: GateResult) -> None:
    word = wording.WORDS[result.outcome]
    run = Run(exit=1 if result.failed else 0, complete=True, results=[result])
    gate = json.loads(to_json(run.to_dict()))["gates"][0]
    assert wording.headline(result).startswith(word)
    assert (gate["outcome"], dict(properties(result))["paoding.outcome"]) == (
        result.outcome.value,
        result.outcome.value,
    )
    assert f"| {result.name} | {word} |" in markdown(run)
    failing = [c for c in gate["checks"] if c["level"] == "error" and not c["passed"]]
    excused = gate["outcome"] in {"forced", "rejected"}
    assert result.failed == (bool(failing or not gate["checks"]) and not excused)
    (line,) = terminal.summary_lines([result], show="all", verbose=False, quiet=False)[:1]
    assert (word in line) == (result.outcome is not Outcome.WITHIN_BUDGET)
    text = terminal.failure_text(result, verbose=True)
    assert text.splitlines()[0] == f"{result.name} {wording.headline(result)}"
    shown_page = page(run)
    assert f">{word}</span>" in shown_page
    assert f"exit status {run.exit}" in shown_page
    told = github.annotate([result], file=ConfigFile(ROOT), root=ROOT, workspace=ROOT)
    errors = [line for line in told if line.startswith("::error ")]
    assert bool(errors) == result.failed
    assert all(f"title={result.name}%3A {word}::" in line for line in told[:10])
    for check in result.checks:
        shown = wording.verdict(check)
        assert shown.startswith("ok") == next(
            c["passed"] for c in gate["checks"] if c["metric"] == check.name
        )
        assert (check.name, repr(check.measurement.found)) in [
            (name.removeprefix("paoding."), value) for name, value in properties(result)
        ]


REPORTS = (
    "--paoding-markdown=run.md",
    "--paoding-html=run.html",
    "--junitxml=run.xml",
    "--paoding-github=on",
)
GATES = st.lists(
    st.tuples(
        st.integers(0, 100), st.integers(0, 100), st.sampled_from(["error", "warn"]), st.booleans()
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(gates=GATES, force=st.sampled_from([[], ["--paoding-force=x"]]))
def test_whole_runs_agree_with_their_gates(
    gates: list[tuple[int, int, str, bool]], force: list[str], request: pytest.FixtureRequest
) -> None:
    project: Project = request.getfixturevalue("single")
    text, models = "[tool.paoding]\nratio = 0.5\n", {}
    for number, (lost, limit, level, empty) in enumerate(gates):
        text += (
            f"[tool.paoding.models.m{number}]\npath = 'models/m{number}.keras'\n"
            f"data = 'our_data:holdout'\n[tool.paoding.models.m{number}.budget]\n"
            f"max_accuracy_decay = {{limit = {limit / 100}, level = '{level}'}}\n"
        )
        layers = {} if empty else {"a": 4}
        content = {"layers": layers, "facts": {"accuracy": [1.0, 1.0 - lost / 100]}}
        models[f"m{number}"] = json.dumps(content)
    project.configure(text)
    for name, content in models.items():
        project.write(f"models/{name}.keras", content)
    ran = project.gate("-v", "--paoding-no-artifacts", *REPORTS, *force)
    expected = [
        "unjudged"
        if empty
        else "within-budget"
        if level == "warn" or 1.0 - (1.0 - lost / 100) <= limit / 100
        else ("forced" if force else "over-budget")
        for lost, limit, level, empty in gates
    ]
    assert [gate["outcome"] for gate in project.document["gates"]] == expected
    assert ran.ret == (1 if {"unjudged", "over-budget"} & set(expected) else 0)
    words = {"unjudged": "UNJUDGED", "over-budget": "OVER BUDGET", "within-budget": "PRUNED"}
    cases = {case.get("name"): case for case in ET.parse(project.path / "run.xml").iter("testcase")}
    shown, page_text = (
        (project.path / "run.md").read_text(),
        (project.path / "run.html").read_text(),
    )
    told = [line for line in ran.outlines if line.startswith("::error ")]
    for number, outcome in enumerate(expected):
        ran.stdout.fnmatch_lines([f"*::m{number} {words.get(outcome, 'XFAIL')}*"])
        word = words.get(outcome, "FORCED")
        failed = outcome in {"unjudged", "over-budget"}
        assert (cases[f"m{number}"].find("failure") is not None) == failed
        assert f"| m{number} | {word} |" in shown
        assert re.search(rf"m{number} <span class=\"word \w+\">{word}</span>", page_text)
        assert any(f"title=m{number}%3A {word}::" in line for line in told) == failed


class Screen:
    """Stands in for pytest's terminal reporter."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def ensure_newline(self) -> None:
        self.calls.append(("newline",))

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        self.calls.append((line, erase))


def test_progress_shows_long_work_only_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    screen = Screen()
    shown = progress.Progress(screen, "net")
    shown("pruning", 1, 9)
    shown.close()
    assert screen.calls == []
    for now[0] in (2.0, 2.05, 2.2):
        shown("pruning", 2, 9)
    shown.close()
    line = ("paoding: net: pruning 2/9", True)
    assert screen.calls == [("newline",), line, line, ("", True), ("", False)]


def test_progress_is_shown_on_a_terminal_only(
    three: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", -1.0)
    three.gate("-k", "good").stdout.no_fnmatch_line("*pruning 1/1*")
    three.write(
        "conftest.py",
        (three.path / "conftest.py").read_text()
        + """
@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reporter.isatty = (lambda: True) if callable(reporter.isatty) else True
""",
    )
    ran = three.gate("-k", "good", "--cache-clear")
    assert "paoding: good: pruning 1/1" in ran.stdout.str()


def test_the_words_for_one_and_for_many() -> None:
    one = GateResult(name="a", outcome=Outcome.WITHIN_BUDGET)
    assert terminal.counts([]) == "no gate ran"
    assert terminal.counts([one]) == "1 gate, 1 pruned"
    assert terminal.counts([one, one]) == "2 gates, 2 pruned"
    assert FakeEngine().versions()["keras"] == "3.0"
