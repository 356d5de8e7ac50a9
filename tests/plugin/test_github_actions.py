"""What GitHub Actions is told, and that telling it changes no verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.configfile import read
from pytest_paoding.reporting import github
from pytest_paoding.reporting.github import Annotation
from support.projects import BUDGET

if TYPE_CHECKING:
    from pathlib import Path

    from support.projects import Project

TEXT = """\
[tool.paoding]
ratio = 0.5 # max_flops = 3 is no setting here

[tool.paoding.budget]
max_accuracy_decay = "2%"
min_agreement = { limit = 1.0, level = "warn" }

[tool.paoding.models.one]
path = "models/one.keras"
data = "our_data:holdout"
budget = { max_accuracy_decay = "1%", max_size = 300 }

[tool.paoding.models.two]
path = "models/two.keras"
data = "our_data:holdout"

[tool.paoding.models.two.budget]
max_parameters = 3
"""


@pytest.fixture(autouse=True)
def job(single: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job of GitHub Actions, as a run that is not inside of a test would see it."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(single.path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(single.path / "summary.md"))
    return single.path / "summary.md"


def gate(project: Project, *arguments: str) -> pytest.RunResult:
    """Run as a job does: nothing tells the run that a test has started it."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    return project.gate(*arguments)


def told(ran: pytest.RunResult) -> list[str]:
    return [line for line in ran.outlines if line.startswith("::")]


def fill(project: Project) -> None:
    project.configure("", one={}, two={})
    project.write("models/one.keras", '{"layers": {"a": 8}, "facts": {"accuracy": [0.9, 0.5]}}')
    project.write("models/two.keras", '{"layers": {}, "facts": {}}')
    project.write("pyproject.toml", TEXT)


def test_annotations_point_at_the_lines_of_limits(single: Project) -> None:
    fill(single)
    single.tests(
        '@pytest.mark.paoding(max_accuracy_decay="1%")\n'
        "def test_it(paoding, net):\n    paoding.check(net, name='net')"
    )
    ran = gate(single, "--paoding-max-size=1")
    over, nothing = (
        "title=one%3A OVER BUDGET",
        "nothing can be pruned: layer 'output' is the output",
    )
    assert told(ran) == [
        "::error file=test_it.py,title=net%3A OVER BUDGET::accuracy decay 0.0500 > 0.0100",
        "::error file=test_it.py,title=net%3A OVER BUDGET::size 497 B > 1 B",
        f"::error file=pyproject.toml,line=11,{over}::accuracy decay 0.4000 > 0.0100",
        f"::error file=pyproject.toml,line=8,{over}::size 275 B > 1 B",
        f"::error file=pyproject.toml,line=13,title=two%3A UNJUDGED::{nothing}",
        *(
            f"::warning file=pyproject.toml,line=6,title={name}%3A OVER BUDGET::agreement 0.9900"
            " < 1.0000 (warn)"
            for name in ("net", "one")
        ),
    ]


@pytest.mark.parametrize(
    ("tables", "key", "line"),
    (
        ([["tool", "paoding", "budget"]], "max_accuracy_decay", 5),
        ([["tool", "paoding", "models", "one"]], "max_size", 11),
        ([["tool", "paoding", "models", "two", "budget"]], "max_parameters", 18),
        ([["tool", "paoding", "models", "two"]], "max_parameters", 13),
        ([["tool", "paoding"]], "max_flops", 1),
        ([["no"]], "max_flops", None),
    ),
)
def test_the_line_of_a_key(
    tmp_path: Path, tables: list[list[str]], key: str, line: int | None
) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(TEXT)
    found = read(path, rootdir=tmp_path).key_line(tables, key)
    assert found == (None if line is None else line - 1)


def test_pitfall_36_two_hundred_gates_make_ten_annotations(project: Project) -> None:
    names = [f"m{number:03}" for number in range(40)]
    project.configure(BUDGET, **{name: {"accuracy": [0.9, 0.5]} for name in names})
    ran = gate(project, "--paoding-no-artifacts", "--tb=no", "-q")
    lines = told(ran)
    assert len(lines) == 11
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[-1] == (
        "::notice title=paoding::30 more missed budgets are in the job summary and the report"
    )


def test_the_job_summary_is_appended_to(project: Project, job: Path) -> None:
    job.write_text("from another step\n")
    project.configure(BUDGET, cnn={"accuracy": [0.9, 0.5]})
    gate(project)
    text = job.read_text()
    assert text.startswith("from another step\n## paoding\n")
    assert text.count("| cnn | OVER BUDGET |") == 1


@pytest.mark.parametrize("broken", ("unset", "folder"))
def test_pitfall_36_reporting_fails_no_run(
    single: Project, job: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    if broken == "unset":
        monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    else:
        job.mkdir()
    single.configure(BUDGET, cnn={})
    ran = gate(single, "-W", "error")
    assert ran.ret == 0
    assert ("go without this summary of the job" in ran.stdout.str()) == (broken == "folder")


def test_a_summary_that_is_too_long_is_cut_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("x" * 600_000)
    github.append_summary(path, "a line with an \u00fc\n" * 60_000)
    content = path.read_bytes()
    assert len(content) <= github.LARGEST
    assert content.decode().endswith("\u00fc\n\nThe rest is cut: job summaries hold 1 MiB.\n")


def test_a_run_inside_of_a_test_says_nothing_to_the_job(
    single: Project, job: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "outer.py::test_outer (call)")
    single.configure(BUDGET, cnn={"accuracy": [0.9, 0.5]})
    assert told(single.gate()) == []
    assert not job.exists()
    assert told(single.gate("--paoding-github=on"))


@pytest.mark.parametrize(
    ("choice", "environment", "plugins", "wanted"),
    (
        ("auto", {"GITHUB_ACTIONS": "true"}, [], True),
        ("auto", {"GITHUB_ACTIONS": "true"}, ["pytest_github_actions_annotate_failures"], False),
        ("auto", {}, [], False),
        ("off", {"GITHUB_ACTIONS": "true"}, [], False),
        ("on", {}, ["pytest-github-actions-annotate-failures"], True),
    ),
)
def test_when_github_is_told(
    choice: str, environment: dict[str, str], plugins: list[str], *, wanted: bool
) -> None:
    assert github.is_wanted(choice, environment, plugins) is wanted


def test_switched_off_nothing_is_told(single: Project, job: Path) -> None:
    single.configure(BUDGET, cnn={"accuracy": [0.9, 0.5]})
    assert told(single.run()) == []
    assert not job.exists()


def test_what_would_end_an_annotation_is_escaped() -> None:
    line = Annotation("error", "a: 50%, b", "one\r\ntwo 100%", file="x,y:z.toml", line=3)
    assert str(line) == (
        "::error file=x%2Cy%3Az.toml,line=3,title=a%3A 50%25%2C b::one%0D%0Atwo 100%25"
    )
