"""Records that nobody can read are a defect of their gate, and end nobody else's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.nightly import nightly
from support.projects import BUDGET, CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

MADE = {
    "of no JSON": "Measurement(found=0.5, evidence=Evidence(Contrast.SHARE, object(), 1))",
    "of nothing": "Measurement(found=0.5, evidence=Nothing())",
    "of another kind": "Measurement(found=0.5, evidence=Foreign())",
}
ENGINE = """
from pytest_paoding.records.evidence import Contrast, Evidence
from pytest_paoding.records.measurement import Measurement

class Foreign:
    samples, reason, surest = 1, None, 1.0
    def interval(self, confidence):
        return 0.0, 1.0
    def to_dict(self):
        return {"kind": "foreign"}

class Nothing(Foreign):
    def to_dict(self):
        return {"contrast": "ratio", "both": 0, "lost": 0, "gained": 1, "neither": 0}

class Careless(FakeEngine):
    def evaluate(self, original, pruned, data, **options):
        found = dict(super().evaluate(original, pruned, data, **options))
        return {**found, "agreement": MADE} if "careless" in original.facts else found

@pytest.hookimpl(tryfirst=True)
def pytest_paoding_engine(config):
    return Careless()
"""


@pytest.mark.parametrize("made", MADE)
def test_what_an_engine_makes_that_nobody_reads_is_a_defect_of_the_gate(
    project: Project, made: str
) -> None:
    project.configure(BUDGET, cnn={}, net={"careless": 1})
    project.write("conftest.py", CONFTEST + ENGINE.replace("MADE", MADE[made]))
    project.tests("def test_other():\n    pass\n")
    ran = project.gate()
    assert ran.ret == 1
    ran.assert_outcomes(passed=2, failed=1)
    outcomes = {name: gate["outcome"] for name, gate in project.gates.items()}
    assert outcomes == {"cnn": "within-budget", "net": "crashed"}
    assert project.published == ["cnn.json", "cnn.keras"]


ON_THE_WAY = """
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if "net" in item.name and report.when == "WHEN":
        text, parcels = vars(report)["paoding"]
        vars(report)["paoding"] = DAMAGED
    return report
"""
DAMAGED = {
    "cut": "text[:-9], parcels",
    "of another version": "text.replace('outcome', 'verdict'), parcels",
    "without parcels": "text, None",
    "no pair": "text",
}


@pytest.mark.parametrize("when", ("call", *nightly("teardown")))
@pytest.mark.parametrize("damaged", DAMAGED)
def test_what_is_damaged_on_its_way_is_a_defect_of_the_gate(
    project: Project, damaged: str, when: str
) -> None:
    project.configure(BUDGET, cnn={}, net={})
    code = ON_THE_WAY.replace("WHEN", when).replace("DAMAGED", DAMAGED[damaged])
    project.write("conftest.py", CONFTEST + code)
    project.tests("def test_other():\n    pass\n")
    ran = project.gate("--paoding-publish=session")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["*net* CRASHED: its record cannot be read: *"])
    outcomes = sorted(gate["outcome"] for gate in project.gates.values())
    assert outcomes == ["crashed", "within-budget"]
    assert project.published == []
    assert "INTERNALERROR" not in ran.stdout.str()
    counted = ran.parseoutcomes()
    assert counted["passed"] + counted.get("failed", 0) + counted.get("errors", 0) >= 3
