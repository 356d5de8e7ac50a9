"""What is printed and written, how much of it, and where it cannot be."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.reporting import progress, terminal
from support.fake_engine import FakeEngine
from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project


@pytest.fixture
def three(single: Project) -> Project:
    single.configure(BUDGET, good={}, bad={"accuracy": [0.9, 0.5]}, odd={"layers": {}})
    return single


def test_quiet_runs_say_nothing_unless_something_failed(three: Project) -> None:
    three.gate("-q").stdout.fnmatch_lines(["*= paoding =*", "bad   OVER BUDGET  *", "3 gates, *"])
    quiet = three.gate("-q", "-k", "good")
    quiet.stdout.no_fnmatch_line("*paoding*")
    asked = three.gate("-q", "-k", "good", "--paoding-report=all")
    asked.stdout.fnmatch_lines(["*= paoding =*", "good  published  *", "1 gate, *"])


@pytest.mark.parametrize(
    ("option", "lines", "absent"),
    (
        ("none", [], "*OVER BUDGET   *"),
        ("failed", ["bad  OVER BUDGET*", "odd  UNJUDGED*"], "good *"),
        ("all", ["bad   OVER BUDGET*", "good  within budget  *", "odd   UNJUDGED*"], "  layer *"),
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
        ["note *: accuracy decay: 1000 samples are too few to tell 0.0150 from 0.0200 (sure)"]
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
            "settings: ratio 0.5 (pyproject.toml ?tool.paoding?), built-in: target None, strat*",
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


@pytest.mark.parametrize("more", ([], ["-s"], ["-q"], ["-n2"], ["-p", "no:terminal"]))
def test_a_document_is_alone_on_standard_output(three: Project, more: list[str]) -> None:
    three.tests("import os\ndef test_it():\n    print('a')\n    os.write(1, b'b\\n')\n")
    plugins = ["-p", "xdist"] if "-n2" in more else []
    command = ("-m", "pytest", *three.plugins, *plugins, "--paoding", "-k", "good or it", *more)
    ran = three.pytester.run(sys.executable, *command, "--paoding-json=-")
    assert ran.ret == 0
    document = json.loads(ran.stdout.str())
    assert (document["schema"], len(document["gates"])) == ("pytest-paoding/1", 1)
    if "no:terminal" not in more:
        ran.stderr.fnmatch_lines(["*2 passed*"])


@pytest.mark.parametrize(
    ("kind", "first"), (("markdown", "## paoding"), ("html", "<!doctype html>"))
)
def test_every_document_can_be_printed(three: Project, kind: str, first: str) -> None:
    ran = three.run("--paoding", f"--paoding-{kind}=-", "-k", "good")
    assert ran.outlines[0] == first
    ran.stderr.fnmatch_lines(["good  published  *", "*1 passed*"])


def test_only_one_document_can_be_printed(three: Project) -> None:
    ran = three.run("--paoding", "--paoding-json=-", "--paoding-markdown=-")
    assert ran.ret == 4
    ran.stderr.fnmatch_lines(["ERROR: only one document can be printed, *: give a path"])


def test_documents_that_cannot_be_written_fail_the_run(three: Project) -> None:
    three.tests("def test_late():\n    open('file', 'w').close()\n")
    ran = three.run("--paoding", "-k", "good or late", "--paoding-json=file/run.json")
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
