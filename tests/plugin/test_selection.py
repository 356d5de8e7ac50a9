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


def test_a_test_runs_once_for_every_configured_model(project: Project) -> None:
    project.configure(BUDGET, mlp={"accuracy": [0.9, 0.5]}, cnn={})
    with (project.path / "pyproject.toml").open("a") as file:
        file.write("seed = 7\n")
    project.tests(
        """
def test_all(paoding, paoding_model):
    paoding.check(paoding_model)

@pytest.mark.parametrize("paoding_model", ["cnn"], indirect=True)
def test_one(paoding_model):
    assert paoding_model.parameters == 120

@pytest.mark.parametrize(["x", "paoding_model"], [(1, "nope")], indirect=["paoding_model"])
def test_unknown(x, paoding_model):
    pass

@pytest.mark.paoding(model="cnn")
def test_table_of(paoding, net):
    result = paoding.check(net, max_accuracy_decay=0.5)
    assert result.name == "test_table_of"
    assert result.settings["seed"].source == "pyproject.toml [tool.paoding.models.cnn]"

@pytest.mark.parametrize("x", [1])
def test_settings(x, paoding_settings):
    assert paoding_settings.gate().pruning["ratio"] == 0.5
"""
    )
    ran = project.gate("test_it.py")
    ran.assert_outcomes(passed=4, failed=1, errors=1)
    ran.stdout.fnmatch_lines(["there is no model 'nope', configured: mlp, cnn"])
    assert {name: gate["outcome"] for name, gate in project.gates.items()} == {
        "test_all-cnn": "within-budget",
        "test_all-mlp": "over-budget",
        "test_table_of": "within-budget",
    }


def test_a_model_that_cannot_be_loaded_is_an_error_of_one_line(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    single.write("models/cnn.keras", "no model")
    single.tests("def test_it(paoding_model): pass")
    ran = single.gate("test_it.py")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["cnn.keras: is not a Keras 3 file"])


def test_without_models_or_switch_nothing_is_loaded(single: Project) -> None:
    single.tests("def test_it(paoding_model): pass")
    single.gate().assert_outcomes(skipped=1)
    single.configure(BUDGET, cnn={})
    single.run("test_it.py").assert_outcomes(skipped=1)


def test_a_gate_asked_for_while_running_is_skipped_too(single: Project) -> None:
    single.tests('def test_it(request):\n    request.getfixturevalue("paoding")')
    single.run().assert_outcomes(skipped=1)


def test_one_name_belongs_to_one_gate(single: Project) -> None:
    single.configure()
    single.tests(
        """
def test_a(paoding, net):
    paoding.check(net, name="net", max_accuracy_decay="10%")

def test_b(paoding, net):
    paoding.check(net, name="NET", max_accuracy_decay="10%")

def test_c(paoding, net):
    paoding.check(net, max_accuracy_decay="10%")
    paoding.check(net, max_accuracy_decay="10%")
"""
    )
    ran = single.gate()
    ran.assert_outcomes(passed=1, failed=2)
    ran.stdout.fnmatch_lines(
        [
            "test_b UNJUDGED: gate 'NET' belongs to test_it.py::test_a, give this one a name *",
            "test_c UNJUDGED: this test has a gate 'test_c' already, give each a name of its own",
        ]
    )
    found = [(gate["name"], gate["outcome"]) for gate in single.document["gates"]]
    assert found.count(("test_c", "within-budget")) == found.count(("test_c", "unjudged")) == 1


def test_one_name_on_two_workers_is_published_once_and_names_both(single: Project) -> None:
    single.plugins = [*single.plugins, "-p", "xdist.plugin", "-n2", "--dist=loadfile"]
    single.configure()
    for letter in "ab":
        single.tests(
            f"def test_{letter}(paoding, net):\n"
            '    paoding.check(net, name="net", max_accuracy_decay="10%")',
            f"test_{letter}.py",
        )
    ran = single.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(
        ["test_? UNJUDGED: gate 'net' belongs to test_?.py::test_?, give this one*"]
    )
    assert single.published == ["net.json", "net.keras"]
    assert sorted(gate["outcome"] for gate in single.document["gates"]) == [
        "unjudged",
        "within-budget",
    ]


def test_tests_of_other_kinds_are_left_alone(single: Project) -> None:
    single.configure()
    single.write("test_doc.txt", ">>> 1 + 1\n2\n")
    single.tests(
        """
import unittest

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _gate(self, paoding):
        self.gate = paoding

    def test_gate(self):
        self.gate.check(FakeModel({"a": 4}), ([1], [1]), max_accuracy_decay="1%")
"""
    )
    ran = single.gate("--doctest-glob=*.txt")
    ran.assert_outcomes(passed=2)
    assert single.gates["test_gate"]["outcome"] == "within-budget"
