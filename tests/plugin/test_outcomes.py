"""One gate of every outcome: the verdict is the same to everybody who asks, however it ran."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.projects import Project

TESTS = """
def test_unrelated():
    pass

def test_within(paoding, net):
    result = paoding.check(net, max_accuracy_decay="10%")
    assert result.metrics["parameters"].after == 60
    assert paoding.results == [result]

@pytest.mark.paoding(ratio=0.25)
def test_over(paoding, net):
    paoding.check(net, name="over")

def test_unjudged(paoding):
    paoding.check(FakeModel({}))

def test_not_measured(paoding, net):
    paoding.check(net, max_accuracy_decay="10%", max_flops=1)

def test_warned(paoding, net):
    paoding.check(net, max_accuracy_decay={"limit": 0.01, "level": "warn"}, min_agreement=0.5)
"""
OUTCOMES = {
    "cnn": "within-budget",
    "over": "over-budget",
    "slow": "over-budget",
    "test_not_measured": "unjudged",
    "test_unjudged": "unjudged",
    "test_warned": "within-budget",
    "test_within": "within-budget",
}


def fill(project: Project) -> Project:
    project.configure(cnn={}, slow={"accuracy": [0.9, 0.5]})
    project.tests(TESTS)
    return project


@pytest.fixture
def mixed(project: Project) -> Project:
    return fill(project)


def test_every_outcome_is_told_alike_everywhere(mixed: Project) -> None:
    ran = mixed.gate("--junitxml=junit.xml", "--paoding-markdown=out/run.md", "-v")
    assert ran.ret == 1
    ran.assert_outcomes(passed=4, failed=4)
    assert {name: gate["outcome"] for name, gate in mixed.gates.items()} == OUTCOMES
    assert mixed.published == sorted(
        f"{name}.{kind}"
        for name in ("cnn", "test_warned", "test_within")
        for kind in ("json", "keras")
    )
    ran.stdout.re_match_lines_random(
        [
            r".*test_within.* PRUNED|.* PRUNED .*test_within.*",
            r".*test_over.* OVER BUDGET|.* OVER BUDGET .*test_over.*",
            r".*test_unjudged.* UNJUDGED|.* UNJUDGED .*test_unjudged.*",
            r".*test_unrelated.* PASSED|.* PASSED .*test_unrelated.*",
            r"cnn +published +paoding-artifacts/cnn.keras  .* \(-46%\)",
            r"over +OVER BUDGET +accuracy decay 0.0500 > 0.0200",
            r"test_warned +published +accuracy decay 0.0500 > 0.0100 \(warn\), .*",
            r"7 gates, 3 pruned, 2 over budget, 2 unjudged",
            r"results written to run.json",
        ]
    )
    session = mixed.document["session"]
    assert (session["exit"], session["complete"], session["selected"]) == (1, True, 7)
    words = {"within-budget": "PRUNED", "over-budget": "OVER BUDGET", "unjudged": "UNJUDGED"}
    told = (mixed.path / "out" / "run.md").read_text()
    for name, outcome in OUTCOMES.items():
        assert f"| {name} | {words[outcome]} |" in told
    cases = ET.parse(mixed.path / "junit.xml").iter("testcase")
    found = {}
    for case in cases:
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        if properties:
            failed = case.find("failure") is not None
            assert failed == (properties["paoding.outcome"] != "within-budget")
            found[properties["paoding.model"]] = properties["paoding.outcome"]
    assert found == OUTCOMES


def test_a_failure_is_a_table_of_every_budget_and_what_to_do(single: Project) -> None:
    ran = fill(single).gate("-k", "over")
    ran.stdout.fnmatch_lines(
        [
            "over OVER BUDGET: accuracy decay 0.0500 > 0.0200",
            "pruned 3 of 12 units in 2 layers, 120 -> 90 parameters, * s",
            "* before * after * found * limit  verdict",
            "  accuracy decay * 0.9000 * 0.8500 * 0.0500 *<= 0.0200  OVER by 0.0300",
            "to accept: lower the ratio, or raise max_accuracy_decay (pyproject.toml *.budget?)",
        ]
    )
    ran.stdout.no_fnmatch_line("*Traceback*")
    ran.stdout.no_fnmatch_line("*in check*")


def test_the_failure_message_is_one_line(mixed: Project) -> None:
    ran = mixed.gate("-k", "over or unjudged", "-rA", "--junitxml=junit.xml", "--tb=no")
    ran.stdout.fnmatch_lines_random(
        ["OVER BUDGET test_it.py::test_over - over OVER BUDGET: *", "UNJUDGED test_it.py::test_un*"]
    )
    messages = [
        failure.get("message", "") for failure in ET.parse(mixed.path / "junit.xml").iter("failure")
    ]
    assert len(messages) == 2
    assert all("\n" not in message for message in messages)


def test_the_verdict_holds_without_a_terminal_or_summary(mixed: Project) -> None:
    for silencing in (["-p", "no:terminal", "-p", "no:cacheprovider"], ["--no-summary", "-qq"]):
        ran = mixed.gate("-W", "error", "-k", "over or within", *silencing)
        assert ran.ret == 1
        assert {name: gate["outcome"] for name, gate in mixed.gates.items()} == {
            "over": "over-budget",
            "test_within": "within-budget",
        }


@pytest.mark.parametrize(
    ("arguments", "reason"),
    (
        ([], "paoding gates are off: run pytest with --paoding or --paoding-ratio=R"),
        (["--no-paoding", "--paoding"], "paoding gates are switched off by --no-paoding"),
    ),
)
def test_without_a_switch_gates_are_skipped_with_a_reason_that_names_it(
    single: Project, arguments: list[str], reason: str
) -> None:
    ran = fill(single).run("-rs", "--paoding-json=run.json", *arguments)
    ran.assert_outcomes(passed=1, skipped=7)
    ran.stdout.fnmatch_lines([f"SKIPPED * {reason}"])
    ran.stdout.no_fnmatch_line("*= paoding =*")
    assert {gate["outcome"] for gate in single.document["gates"]} == {"skipped"}
    assert {gate["reason"] for gate in single.document["gates"]} == {reason}
    assert single.published == []


def test_a_gate_is_judged_by_the_fixture_paoding_data_where_nothing_else_gives_any(
    single: Project,
) -> None:
    single.configure()
    single.tests("def test_it(paoding, net):\n    paoding.check(net, max_accuracy_decay=0.5)")
    single.gate().assert_outcomes(passed=1)
    conftest = (single.path / "conftest.py").read_text()
    single.write("conftest.py", conftest.replace("def paoding_data", "def other_data"))
    single.gate().assert_outcomes(failed=1)
    assert single.gates["test_it"]["reason"] == (
        "accuracy decay was not measured: max_accuracy_decay needs data, set data to "
        '"package.module:callable", or hand some in'
    )


def test_a_gate_that_is_caught_fails_all_the_same(project: Project) -> None:
    project.configure()
    project.tests(
        """
def test_caught(paoding, net):
    with pytest.raises(BaseException):
        paoding.check(net)

@pytest.mark.xfail(reason="known")
def test_expected(paoding, net):
    paoding.check(net)
"""
    )
    ran = project.gate()
    ran.assert_outcomes(failed=1, xfailed=1)
    ran.stdout.fnmatch_lines(["OVER BUDGET test_it.py::test_caught*"])


def test_a_defect_keeps_its_traceback_and_is_recorded(project: Project) -> None:
    project.configure()
    project.tests(
        """
def test_defect(paoding):
    paoding.check(FakeModel({"a": 2}, {"defect": "boom"}))
"""
    )
    ran = project.gate()
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["E *RuntimeError: boom", "FAILED test_it.py::test_defect*"])
    gate = project.gates["test_defect"]
    assert (gate["outcome"], gate["reason"]) == ("crashed", "RuntimeError: boom")
    assert project.published == []


def test_a_gate_in_a_fixture_fails_the_setup_with_its_word(single: Project) -> None:
    single.configure()
    single.tests(
        """
@pytest.fixture
def smaller(paoding, net):
    return paoding.check(net)

def test_it(smaller):
    pass
"""
    )
    ran = single.gate("-rA")
    ran.assert_outcomes(errors=1)
    assert ran.ret == 1
    assert single.gates["test_it"]["outcome"] == "over-budget"


def test_pruning_without_a_verdict(single: Project) -> None:
    single.configure("")
    single.tests(
        """
@pytest.mark.paoding(ratio=0.25)
def test_prune(paoding, net):
    assert paoding.prune(net).model.layers == {"dense": 6, "conv": 3}
    assert paoding.prune(net, ratio="50%").plan["dense"].kept == (0, 1, 2, 3)
    assert paoding.results == []
"""
    )
    ran = single.gate()
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines(["no gate ran"])
    assert single.gates == {}


def test_a_killed_worker_is_a_crash_not_a_pass(single: Project) -> None:
    single.plugins = [*single.plugins, "-p", "xdist.plugin", "-n1", "--max-worker-restart=0"]
    single.configure(cnn={})
    single.write("our_data.py", "import os, signal\ndef holdout():\n    os._exit(9)\n")
    ran = single.gate()
    assert ran.ret == 1
    assert single.gates["cnn"]["outcome"] == "crashed"
    assert single.published == []
