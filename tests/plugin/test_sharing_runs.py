"""Work that workers and later runs need not do again, and workers that share no folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.catalogue import SETTINGS as CATALOGUE
from pytest_paoding.config.catalogue.keys import EngineCall
from support.projects import CONFTEST, counted, facts, work

if TYPE_CHECKING:
    from support.projects import Project

EIGHT = """
@pytest.mark.parametrize("x", range(8))
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_it(x, paoding, net):
    paoding.check(net)
"""


def test_pitfall_3_a_model_of_eight_tests_is_pruned_once(project: Project) -> None:
    counted(project).configure()
    project.tests(EIGHT)
    ran = project.gate()
    ran.assert_outcomes(passed=8)
    assert work(project) == ["evaluate", "prune"]
    assert sum(not gate["reused"] for gate in project.gates.values()) == 1
    assert len(project.published) == 16


def test_an_unchanged_model_is_not_pruned_again(project: Project) -> None:
    counted(project).configure(cnn={}, mlp={"accuracy": [0.9, 0.5]})
    assert project.gate("-v").ret == 1
    assert work(project) == ["evaluate", "evaluate", "prune", "prune"]
    first, files = facts(project), (project.artifacts / "cnn.keras").read_bytes()
    (project.artifacts / "cnn.keras").unlink()
    ran = project.gate()
    assert ran.ret == 1
    assert work(project) == []
    assert facts(project) == first
    assert (project.artifacts / "cnn.keras").read_bytes() == files
    assert all(gate["reused"] for gate in project.gates.values())
    ran.stdout.fnmatch_lines(["2 gates, 1 pruned, 1 over budget, 2 of them cached"])


@pytest.mark.parametrize(
    ("change", "done"),
    (
        ("model", ["evaluate", "prune"]),
        ("ratio", ["evaluate", "prune"]),
        ("seed", ["evaluate", "prune"]),
        ("versions", ["evaluate", "prune"]),
        ("data", ["evaluate"]),
        ("epsilons", ["evaluate"]),
        ("steps", ["evaluate"]),
        ("corruptions", ["evaluate"]),
        ("fidelity", ["evaluate"]),
        ("compression", ["evaluate", "prune"]),
        ("limit", []),
        ("damage", ["evaluate", "prune"]),
        ("--cache-clear", ["evaluate", "prune"]),
        ("-pno:cacheprovider", ["evaluate", "prune"]),
    ),
)
def test_what_has_changed_is_done_again(single: Project, change: str, done: list[str]) -> None:
    counted(single).configure(cnn={})
    single.gate()
    work(single)
    options = []
    if change == "model":
        single.configure(cnn={"accuracy": [0.9, 0.895]})
    elif change == "data":
        text = (single.path / "our_data.py").read_text()
        single.write("our_data.py", text.replace("[0, 1]", "[1, 1]"))
    elif change == "versions":
        text = (single.path / "conftest.py").read_text()
        single.write("conftest.py", f"{text}\n    def versions(self): return {{'keras': '9'}}\n")
        text = text.replace("    def _note", "    def versions(self): return {}\n    def _note")
        single.write("conftest.py", text)
    elif change in {"epsilons", "steps", "corruptions"}:
        lines = {
            "epsilons": "attack = { epsilons = [0.3] }",
            "steps": "attack = { steps = 7 }",
            "corruptions": "corruption = { severities = [1] }",
        }
        with (single.path / "pyproject.toml").open("a") as file:
            file.write(lines[change] + "\n")
    elif change == "damage":
        for path in (single.path / ".pytest_cache").rglob("record.json"):
            path.write_text("{}")
    else:
        values = {"ratio": "ratio=0.25", "seed": "seed=7", "limit": "max-accuracy-decay=5%"}
        asked = values.get(change, f"measure={change}")
        options = [change] if change[0] == "-" else [f"--paoding-{asked}"]
    assert single.gate(*options).ret == 0
    assert work(single) == done


SETTINGS = {
    "strategy": '"magnitude"',
    "step": "0.5",
    "input_range": "[0.0, 2.0]",
    "input_kind": '"features"',
    "input_shape": "[8, 8, 1]",
    "allocation": '"uniform"',
    "effort": '"thorough"',
    "calibration": '"our_data:holdout"',
    "ratios": "{ conv = 0.25 }",
    "include": '["conv"]',
    "exclude": '["conv"]',
    "round_to": "2",
    "jump": "3",
    "mixing": '"recompute"',
    "sparsity": "0.25",
    "verify": "true",
}
ORDERS = '{ conv = 0.25, "*" = 0.1 }', '{ "*" = 0.1, conv = 0.25 }'


def add(project: Project, text: str, name: str = "pyproject.toml") -> None:
    with (project.path / name).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@pytest.mark.parametrize("key", SETTINGS)
def test_a_model_is_pruned_again_for_every_other_setting(single: Project, key: str) -> None:
    counted(single).configure(cnn={})
    single.gate()
    assert work(single) == ["evaluate", "prune"]
    add(single, f"{key} = {SETTINGS[key]}")
    single.gate()
    assert work(single) == ["evaluate", "prune"]


def test_no_setting_of_a_pruning_is_left_out() -> None:
    assert {*SETTINGS, "ratio", "target", "seed"} == {*CATALOGUE.of_call(EngineCall.PRUNE)}


def test_a_model_is_pruned_again_for_every_other_target(single: Project) -> None:
    counted(single).configure(cnn={})
    for target in ("parameters:50%", "parameters:40%"):
        single.gate(f"--paoding-target={target}")
        assert work(single) == ["evaluate", "prune"]
    single.gate(f"--paoding-target={target}")
    assert work(single) == []
    assert single.gates["cnn"]["settings"]["ratio"] == {"value": 0.63, "source": "command line"}


def test_the_order_of_shares_by_layer_counts(single: Project) -> None:
    for shares in ORDERS:
        counted(single).configure(cnn={})
        add(single, f"ratios = {shares}")
        single.gate()
        assert work(single) == ["evaluate", "prune"]


def test_inputs_for_calibration_are_told_by_their_values(single: Project) -> None:
    for inputs, done in (
        ("[3, 4]", ["evaluate", "prune"]),
        ("[3, 4]", []),
        ("[3, 5]", ["evaluate", "prune"]),
        ("iter([3])", ["evaluate", "prune"]),
        ("iter([3])", ["evaluate", "prune"]),
    ):
        counted(single).configure(cnn={})
        add(single, 'calibration = "our_data:inputs"')
        add(single, f"def inputs():\n    return {inputs}", "our_data.py")
        assert single.gate().ret == 0
        assert work(single) == done


def test_what_is_said_of_a_pruning_is_kept(single: Project) -> None:
    single.configure(cnn={})
    single.write(
        "conftest.py",
        CONFTEST.replace("return FakeEngine()", "return Telling()")
        + """
from dataclasses import replace

class Telling(FakeEngine):
    def prune(self, model, **options):
        return replace(super().prune(model, **options), notes=("learned from 3 inputs",))
""",
    )
    for reused in (False, True):
        single.gate()
        assert single.gates["cnn"]["reused"] is reused
        assert single.gates["cnn"]["notes"][0] == "learned from 3 inputs"


def test_what_no_digest_covers_is_done_every_time(single: Project) -> None:
    counted(single).configure(cnn={"custom": True})
    single.write(
        "conftest.py",
        (single.path / "conftest.py").read_text()
        + """
def pytest_paoding_load_model(config, spec):
    return FakeModel({"a": 8}, {"custom": True})
""",
    )
    for _ in range(2):
        single.gate()
        assert work(single) == ["evaluate", "prune"]


def test_metrics_of_ones_own_are_measured_every_time(single: Project) -> None:
    counted(single).configure(cnn={})
    single.write(
        "conftest.py",
        (single.path / "conftest.py").read_text()
        + """
from pytest_paoding.records.metrics import Direction, Metric
from pytest_paoding.records.measurement import Measurement
import itertools

def pytest_paoding_metrics(config, spec, original, pruned, data):
    assert pruned.parameters < original.parameters
    with open("times", "a") as file:
        file.write("x")
    return {Metric("runs", Direction.HIGHER): Measurement(found=len(open("times").read()))}
""",
    )
    for number in (1, 2):
        single.gate()
        assert single.gates["cnn"]["metrics"]["runs"]["found"] == number
    assert work(single) == ["evaluate", "prune"]


def test_pitfall_5_a_worker_killed_in_a_gate_loses_nothing_of_the_others(single: Project) -> None:
    single.plugins = [*single.plugins, "-p", "xdist.plugin", "-n2"]
    single.configure()
    single.tests(
        EIGHT
        + """
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_killed(paoding, net):
    paoding.check(net, name="lost")
    import os
    os._exit(9)
"""
    )
    ran = single.gate("--paoding-publish=test")
    assert ran.ret == 1
    gates = single.gates
    assert gates["test_killed"]["outcome"] == "crashed"
    assert sum(gate["outcome"] == "within-budget" for gate in gates.values()) == 8
    assert len(single.published) == 16
    assert not any("lost" in name or "staging" in name for name in single.published)
