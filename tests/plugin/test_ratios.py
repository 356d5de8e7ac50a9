"""Several ratios in one run, and the search for the largest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

SWEEP = BUDGET.replace("ratio = 0.5", "ratio = [0.25, 0.5, 0.75]")
CURVE = {"slope": 0.0399, "layers": {"dense": 40}}
"""Within 2% up to a ratio of 0.5."""


def outcomes(project: Project) -> dict[str, str]:
    return {name: gate["outcome"] for name, gate in project.gates.items()}


def kept(project: Project, name: str) -> int:
    """Return the units of the published fake model."""
    text = (project.artifacts / f"{name}.keras").read_text()
    units: int = json.JSONDecoder().raw_decode(text)[0]["layers"]["dense"]
    return units


@pytest.mark.parametrize("how", ("file", "option"))
def test_the_smallest_model_that_passes_is_published(project: Project, how: str) -> None:
    project.configure(SWEEP if how == "file" else BUDGET, cnn=dict(CURVE))
    ran = project.gate(*(["--paoding-ratio=0.25,0.5,0.75"] if how == "option" else []))
    assert ran.ret == 0
    ran.assert_outcomes(passed=2, xfailed=1)
    assert outcomes(project) == {
        "cnn@0.25": "within-budget",
        "cnn@0.5": "within-budget",
        "cnn@0.75": "rejected",
    }
    assert project.published == ["cnn.json", "cnn.keras"]
    assert kept(project, "cnn") == 20
    artifacts = {name: gate["artifact"] for name, gate in project.gates.items()}
    assert artifacts["cnn@0.5"]["published"] is True
    assert artifacts["cnn@0.25"]["reason"] == "cnn@0.5 passed and is smaller"
    assert artifacts["cnn@0.75"] is None
    ran.stdout.fnmatch_lines(
        ["cnn@0.75  REJECTED       accuracy decay 0.0299 > 0.0200  accuracy 0.9000 -> 0.8701"]
    )
    node = "pyproject.toml::paoding::cnn[[]0.5]"
    assert project.gates["cnn@0.5"]["nodeid"] == node.replace("[[]", "[")
    assert {gate["sweep"] for gate in project.gates.values()} == {"cnn"}
    assert project.gates["cnn@0.5"]["settings"]["ratio"]["value"] == 0.5


def test_if_the_smallest_ratio_is_over_budget_the_sweep_fails(project: Project) -> None:
    project.configure(SWEEP, cnn={**CURVE, "slope": 1.0})
    ran = project.gate()
    assert ran.ret == 1
    ran.assert_outcomes(failed=1, xfailed=2)
    assert outcomes(project)["cnn@0.25"] == "over-budget"
    assert project.published == []


def test_what_cannot_be_judged_is_no_rejected_candidate(project: Project) -> None:
    project.configure(SWEEP, odd={"layers": {}})
    project.gate().assert_outcomes(failed=3)
    assert set(outcomes(project).values()) == {"unjudged"}


def test_forcing_a_sweep_forces_its_smallest_ratio(single: Project) -> None:
    single.configure(SWEEP, cnn={**CURVE, "slope": 1.0})
    ran = single.gate("--paoding-force=release")
    assert ran.ret == 0
    assert outcomes(single) == {
        "cnn@0.25": "forced",
        "cnn@0.5": "rejected",
        "cnn@0.75": "rejected",
    }
    assert kept(single, "cnn") == 30


def test_a_sweep_published_with_the_session_waits_for_it(single: Project) -> None:
    single.configure(SWEEP, cnn=dict(CURVE))
    single.tests("def test_it(): assert False")
    assert single.gate().ret == 1
    assert single.published == ["cnn.json", "cnn.keras"]
    single.gate("--paoding-publish=session", "--paoding-artifacts=late")
    assert [path.name for path in (single.path / "late").iterdir()] == [".gitignore"]
    assert single.gates["cnn@0.5"]["artifact"]["reason"] == "the session did not pass"


def test_an_interrupted_sweep_publishes_nothing(single: Project) -> None:
    single.configure(SWEEP)
    single.tests(
        """
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_a(paoding, net):
    paoding.check(net, name="net")

def test_b():
    raise KeyboardInterrupt
"""
    )
    assert single.gate(interrupted=True).ret == 2
    assert single.published == []
    assert single.gates["net@0.5"]["artifact"]["reason"] == "the session was interrupted"


def test_a_sweep_meets_what_is_required_and_its_names_belong_to_it(project: Project) -> None:
    project.configure(SWEEP.replace("ratio", 'require = ["cnn"]\nratio'), cnn=dict(CURVE))
    project.tests(
        """
def test_other(paoding, net):
    paoding.check(net, name="cnn", max_accuracy_decay="10%")
"""
    )
    ran = project.gate()
    assert ran.ret == 1
    assert project.document["session"]["required_missing"] == []
    project.tests("")
    assert project.gate().ret == 0


def test_a_test_runs_once_for_each_ratio(project: Project) -> None:
    project.configure(BUDGET)
    project.tests(
        """
@pytest.mark.parametrize("x", ["a"])
@pytest.mark.paoding(ratio=[0.25, 0.5], max_accuracy_decay="10%")
def test_it(x, paoding, net):
    paoding.check(net)

@pytest.mark.paoding(ratio="0.25,0.75", max_accuracy_decay="10%")
def test_named(paoding, net):
    assert paoding.prune(net).model.layers["dense"] in (6, 2)
    paoding.check(net, name="net")

def test_plain(paoding, net):
    paoding.check(net, ratio=0.3, max_accuracy_decay="10%")

def test_call(paoding, net):
    paoding.check(net, ratio=[0.3, 0.4], max_accuracy_decay="10%")
"""
    )
    ran = project.gate()
    ran.assert_outcomes(passed=5, failed=1)
    assert outcomes(project) == {
        "net@0.25": "within-budget",
        "net@0.75": "within-budget",
        "test_call": "unjudged",
        "test_it-a@0.25": "within-budget",
        "test_it-a@0.5": "within-budget",
        "test_plain": "within-budget",
    }
    assert project.published == sorted(
        f"{name}.{kind}"
        for name in ("net", "test_it-a", "test_plain")
        for kind in ("json", "keras")
    )
    assert kept(project, "net") == 2
    assert project.gates["test_call"]["reason"].startswith("several ratios (0.3, 0.4) need a run")


def test_two_tests_cannot_sweep_under_one_name(project: Project) -> None:
    project.configure(SWEEP)
    for letter in "ab":
        project.tests(
            '@pytest.mark.paoding(max_accuracy_decay="10%")\n'
            f"def test_{letter}(paoding, net):\n    paoding.check(net, name='net')",
            f"test_{letter}.py",
        )
    assert project.gate().ret == 1


def test_switched_off_a_sweep_is_one_skipped_gate(single: Project) -> None:
    single.configure(SWEEP, cnn={})
    single.run().assert_outcomes(skipped=1)


def test_the_largest_ratio_within_budget_is_found(project: Project) -> None:
    project.configure(BUDGET, cnn={"slope": 0.0499, "layers": {"dense": 100}})
    ran = project.gate("--paoding-ratio=auto", "--paoding-max-size=1MB")
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["cnn  published  *  ratio 0.4 found with 5 trials*"])
    gate = project.gates["cnn"]
    assert gate["settings"]["ratio"] == {"value": 0.4, "source": "command line"}
    assert [trial["ratio"] for trial in gate["trials"]] == [0.5, 0.47, 0.42, 0.4, 0.41]
    assert [trial["outcome"] for trial in gate["trials"]][:3] == ["over-budget"] * 3
    assert gate["trials"][2]["found"]["accuracy_decay"] == pytest.approx(0.020958)
    assert kept(project, "cnn") == 60
    assert json.loads((project.artifacts / "cnn.json").read_text())["gate"]["trials"]
    first = project.gates["cnn"]["trials"]
    project.gate("--paoding-ratio=auto", "--paoding-max-size=1MB")
    assert project.gates["cnn"]["trials"] == first


def test_the_search_says_what_it_found(single: Project) -> None:
    single.configure(BUDGET.replace("0.5", '"auto"'), cnn={"slope": 5.0})
    ran = single.gate("--paoding-min-parameters-removed=50%")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(
        [
            "cnn OVER BUDGET: *parameters removed 0.0% < 50.0%",
            "removed nothing, 120 -> 120 parameters, ratio 0.06 found with * trials*",
        ]
    )
    assert single.published == []


def test_a_search_that_finds_nothing_fails_with_the_smallest_ratio(single: Project) -> None:
    single.configure(BUDGET, cnn={"accuracy": [0.9, 0.5]})
    assert single.gate("--paoding-ratio=auto").ret == 1
    gate = single.gates["cnn"]
    assert gate["outcome"] == "over-budget"
    assert gate["settings"]["ratio"]["value"] == 0.01
    assert len(gate["trials"]) == 5


@pytest.mark.parametrize(
    ("option", "line"),
    (
        ("0.3,0.3", "*'0.3,0.3' is not a list of different ratios such as *"),
        ("0.3,30", '*did you mean "30%"?'),
        ("best", "*'best' is not a share *"),
    ),
)
def test_a_senseless_sweep_is_one_line(single: Project, option: str, line: str) -> None:
    ran = single.run(f"--paoding-ratio={option}")
    assert ran.ret == 4
    ran.stderr.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("options", "effort", "alone", "source"),
    (
        ((), "quick/5", "standard", "built-in"),
        (("--paoding-effort=standard",), "standard/5", "standard", "command line"),
        (("--paoding-effort=7",), "7/5", 7.0, "command line"),
        (("--paoding-effort=7/3",), "7/3", "7/3", "command line"),
    ),
)
def test_the_trials_of_a_search_share_its_effort(
    single: Project, options: tuple[str, ...], effort: str, alone: object, source: str
) -> None:
    single.configure(BUDGET, cnn=dict(CURVE))
    assert single.gate("--paoding-ratio=auto", *options).ret == 0
    found = single.gates["cnn"]["settings"]["effort"]
    assert found["value"] == effort
    assert source in found["source"]
    assert single.gate(*options).ret == 0
    assert single.gates["cnn"]["settings"]["effort"]["value"] == alone
