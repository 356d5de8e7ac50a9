"""Gates that prune to a target in place of a ratio."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

TARGET = BUDGET.replace("ratio = 0.5", 'target = { parameters = "50%" }')


def settings_of(project: Project, gate: str = "cnn") -> dict[str, object]:
    found: dict[str, object] = project.gates[gate]["settings"]
    return found


def test_a_gate_prunes_to_its_target_and_reports_the_ratio_found(project: Project) -> None:
    project.configure(TARGET, cnn={"layers": {"dense": 40}})
    ran = project.gate("-v", "--paoding-report=all")
    assert ran.ret == 0
    source = "pyproject.toml [tool.paoding]"
    settings = settings_of(project)
    assert settings["target"] == {"value": {"parameters": 0.5}, "source": source}
    assert settings["ratio"] == {"value": 0.49, "source": source}
    assert project.gates["cnn"]["notes"][0] == "target {'parameters': 0.5} met"
    manifest = json.loads((project.artifacts / "cnn.json").read_text())
    assert manifest["gate"]["settings"] == settings
    ran.stdout.fnmatch_lines(
        [
            "paoding: *, target {'parameters': 0.5} (pyproject.toml *), strategy *",
            "note [[]pruning[]]: target {'parameters': 0.5} met (cnn)",
        ]
    )


def test_the_option_implies_gates_and_beats_a_ratio_of_the_file(single: Project) -> None:
    single.configure(cnn={"layers": {"dense": 40}})
    ran = single.run("--paoding-target=parameters:100 B", "--paoding-json=run.json")
    assert ran.ret == 4
    ran.stderr.fnmatch_lines(["*--paoding-target: parameters: '100 B' is not a whole number *"])
    assert single.run("--paoding-target=parameters:200", "--paoding-json=run.json").ret == 0
    assert settings_of(single)["ratio"] == {"value": 0.49, "source": "command line"}


@pytest.mark.parametrize("stronger", ("ratio = 0.25", 'target = { parameters = "25%" }'))
def test_the_strongest_source_says_which_of_the_two_it_is(single: Project, stronger: str) -> None:
    weaker = TARGET if "ratio" in stronger else BUDGET
    single.configure(weaker, cnn={"layers": {"dense": 40}})
    with (single.path / "pyproject.toml").open("a") as file:
        file.write(f"{stronger}\n")
    assert single.gate().ret == 0
    source = "pyproject.toml [tool.paoding.models.cnn]"
    targeted = "target" in stronger
    found = settings_of(single)
    assert found["ratio"] == {"value": 0.74 if targeted else 0.25, "source": source}
    value, said = ({"parameters": 0.25}, source) if targeted else (None, "built-in")
    assert found["target"] == {"value": value, "source": said}


def test_markers_calls_and_prunings_of_tests_take_targets(project: Project) -> None:
    project.configure(BUDGET)
    project.tests(
        """
@pytest.mark.paoding(target="parameters:50%", max_accuracy_decay="10%")
def test_marked(paoding, net):
    assert paoding.prune(net).model.layers["dense"] == 4
    paoding.check(net)

def test_called(paoding, net):
    paoding.check(net, target={"parameters": 110}, max_accuracy_decay="10%")
"""
    )
    project.gate().assert_outcomes(passed=2)
    assert settings_of(project, "test_called")["target"] == {
        "value": {"parameters": 110},
        "source": "call",
    }


@pytest.mark.parametrize("models", ({}, {"cnn": {}}))
def test_both_from_one_source_are_one_line(single: Project, models: dict[str, object]) -> None:
    single.configure("[tool.paoding]\ntarget = 'size:1MB'\n" + BUDGET.split("\n", 1)[1], **models)
    ran = single.gate()
    assert ran.ret == 4
    ran.stderr.fnmatch_lines(["*ratio and target are both given (pyproject.toml *): give one of*"])


def test_a_call_that_gives_both_is_unjudged(single: Project) -> None:
    single.configure()
    single.tests("def test_it(paoding, net):\n    paoding.check(net, ratio=0.5, target='size:1MB')")
    ran = single.gate()
    ran.stdout.fnmatch_lines(["test_it UNJUDGED: ratio and target are both given (call): give *"])


def test_what_is_out_of_reach_is_unjudged(single: Project) -> None:
    single.configure(TARGET.replace("50%", "0.1%"), cnn={})
    assert single.gate().ret == 1
    assert single.gates["cnn"]["reason"].startswith("target is out of reach: the least is")


def test_what_meets_the_target_already_says_that_nothing_was_removed(single: Project) -> None:
    single.configure(TARGET.replace('"50%"', "1000"), cnn={"layers": {"dense": 40}})
    ran = single.gate("-v", "--paoding-report=all", "--paoding-html=run.html")
    assert ran.ret == 0
    assert single.gates["cnn"]["outcome"] == "within-budget"
    ran.stdout.fnmatch_lines(
        [
            "pyproject.toml::paoding::cnn UNCHANGED*",
            "cnn  published *cnn.keras * (nothing removed)*",
            "1 gate, 1 unchanged",
        ]
    )
    page = (single.path / "run.html").read_text()
    assert "removed nothing: the target 1,000 parameters is met already, 4" in page
    assert ">UNCHANGED<" in page


def test_over_budget_the_target_is_what_may_change(single: Project) -> None:
    single.configure(TARGET, cnn={"accuracy": [0.9, 0.5]})
    ran = single.gate()
    ran.stdout.fnmatch_lines(
        [
            "pruned 6 of 12 *, ratio 0.44 found for 50% of the parameters, *",
            "to accept: raise the target, or raise max_accuracy_decay *",
        ]
    )
    ran = single.gate("--paoding-max-accuracy-decay=50%", "--paoding-max-parameters=20")
    ran.stdout.fnmatch_lines(["to accept: lower the target, or raise max_parameters *"])
