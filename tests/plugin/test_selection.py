"""Which gates run, and what a full session must have run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

REQUIRING = BUDGET.replace("[tool.paoding]", '[tool.paoding]\nrequire = ["cnn", "own"]')
OWN = """
def test_own(paoding, net):
    paoding.check(net, name="own", max_accuracy_decay="10%")

def test_other():
    pass
"""
MISSING = "required gate own did not run"


@pytest.fixture
def requiring(project: Project) -> Project:
    project.configure(REQUIRING, cnn={})
    project.tests(OWN, "tests/test_own.py")
    return project


def test_required_gates_that_ran_are_no_matter(requiring: Project) -> None:
    ran = requiring.gate()
    assert ran.ret == 0
    assert requiring.document["session"]["required_missing"] == []


def test_a_required_gate_that_did_not_run_fails_a_full_session(requiring: Project) -> None:
    requiring.tests("def test_other(): pass", "tests/test_own.py")
    ran = requiring.gate("-q")
    assert ran.ret == 1
    ran.assert_outcomes(passed=2)
    ran.stdout.fnmatch_lines([MISSING])
    session = requiring.document["session"]
    assert (session["exit"], session["required_missing"]) == (1, ["own"])


def test_a_required_gate_that_was_skipped_did_not_run(requiring: Project) -> None:
    requiring.tests(
        OWN.replace("def test_own", "@pytest.mark.skip\ndef test_own"), "tests/test_own.py"
    )
    ran = requiring.gate()
    assert ran.ret == 1
    assert requiring.gates["test_own"]["outcome"] == "skipped"


@pytest.mark.parametrize(
    ("arguments", "why"),
    (
        (["-k", "cnn"], "-k"),
        (["-m", "paoding and not own", "-k", "not own"], "-k"),
        (["--deselect=tests/test_own.py::test_own"], "--deselect"),
        (["--ignore=tests"], "--ignore"),
        (["tests/test_own.py::test_other"], "paths"),
        (["more"], "paths"),
    ),
)
def test_a_partial_run_says_so_instead(single: Project, arguments: list[str], why: str) -> None:
    single.configure(REQUIRING, cnn={})
    single.tests(OWN, "tests/test_own.py")
    single.tests("def test_more(): pass", "more/test_more.py")
    ran = single.gate(*arguments)
    assert ran.ret == 0
    ran.stdout.fnmatch_lines([f"{MISSING}, not enforced in a partial run ({why})"])
    assert single.document["session"]["partial"] == why


def test_strict_enforces_in_partial_runs_too(single: Project) -> None:
    single.configure(REQUIRING, cnn={})
    single.tests(OWN)
    ran = single.gate("-k", "cnn", "--paoding-strict")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines([MISSING])


def test_only_the_last_failed(single: Project) -> None:
    single.configure(REQUIRING, cnn={"accuracy": [0.9, 0.5]})
    single.tests(OWN)
    assert single.gate().ret == 1
    ran = single.gate("--lf", "-v")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines([f"{MISSING}, not enforced in a partial run (--lf)"])


def test_what_the_project_always_deselects_leaves_sessions_full(single: Project) -> None:
    addopts = '[tool.pytest.ini_options]\naddopts = "-m \'not slow\'"\nmarkers = ["slow"]\n'
    single.configure(addopts + REQUIRING, cnn={})
    single.tests("@pytest.mark.slow\n" + OWN.strip())
    ran = single.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines([MISSING])
    assert single.gate("-m", "paoding").ret == 0


def test_the_projects_own_paths_are_a_full_session(single: Project) -> None:
    single.configure('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n' + REQUIRING, cnn={})
    single.tests(OWN, "tests/test_own.py")
    for arguments in ([], ["tests"], ["."]):
        single.gate(*arguments)
        assert single.document["session"]["partial"] is None
    single.tests("def test_it(): pass", "tests/unit/test_it.py")
    single.gate("tests/unit")
    assert single.document["session"]["partial"] == "paths"


@pytest.mark.parametrize(
    ("arguments", "names"),
    (
        (["-k", "mlp"], ["mlp"]),
        (["-m", "paoding"], ["cnn", "mlp"]),
        (["-m", "not paoding"], []),
        (["--deselect=pyproject.toml::paoding::cnn"], ["mlp"]),
        (["test_it.py"], []),
        (["--paoding-only"], ["cnn", "mlp"]),
    ),
)
def test_configured_gates_obey_selection(
    single: Project, arguments: list[str], names: list[str]
) -> None:
    single.configure(BUDGET, cnn={}, mlp={})
    single.tests("def test_it(): pass")
    assert single.gate(*arguments).ret == 0
    assert list(single.gates) == names


def test_selection_reaches_every_worker(project: Project) -> None:
    project.configure(BUDGET, cnn={}, mlp={})
    project.tests("def test_it(): pass")
    ran = project.gate("--paoding-only", "-k", "mlp")
    ran.assert_outcomes(passed=1, deselected=0 if "-n2" in project.plugins else 2)
    assert list(project.gates) == ["mlp"]


def test_only_gates(single: Project) -> None:
    single.configure(BUDGET)
    single.tests(OWN)
    ran = single.run("--paoding-only")
    ran.assert_outcomes(passed=1, deselected=1)
    single.tests(OWN.replace("def test_other():\n    pass", ""))
    single.run("--paoding-only").assert_outcomes(passed=1)


def test_listing_does_no_work(single: Project) -> None:
    single.configure(REQUIRING, cnn={})
    single.tests(OWN)
    for listing in (
        "--co",
        "--setup-plan",
        "--setup-only",
        "--fixtures",
        "--fixtures-per-test",
        "--markers",
        "--help",
    ):
        ran = single.gate(listing)
        assert ran.ret == 0
        assert not (single.path / "run.json").exists()
        assert not single.artifacts.exists()
    single.gate("--co", "-q").stdout.fnmatch_lines(
        ["pyproject.toml::paoding::cnn", "", "3 tests collected in *"]
    )
    single.gate("--co", "-k", "cnn").stdout.fnmatch_lines(
        ["collected 3 items / 2 deselected / 1 selected"]
    )
