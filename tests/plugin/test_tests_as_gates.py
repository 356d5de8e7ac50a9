"""Tests that ask for the fixtures: once for every model, and under one name each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project


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
