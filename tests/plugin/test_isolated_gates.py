"""Gates in a child process find, judge and publish what they do in this one, and fail alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from support.projects import BUDGET, CONFTEST, facts, make_project

if TYPE_CHECKING:
    from support.projects import Project

PLANS: dict[str, tuple[str, ...]] = {
    "sweep": ("--paoding-ratio=0.25,0.5",),
    "auto": ("--paoding-ratio=auto",),
    "formats": ("--paoding-formats=tflite,tflite-int8",),
    "session": ("--paoding-publish=session",),
    "forced": ("--paoding-max-size=1", "--paoding-force=we know"),
    "references": ("--paoding-slices=our_code:slices", "--paoding-calibration=our_data:holdout"),
}
OURS = "def slices(x, y):\n    return ['a' for _ in y]\n"
LIVE = """
@pytest.fixture
def batches():
    return (batch for batch in [([[1.0]], [0])])

def test_live(paoding, net):
    paoding.check(net, name="live")
    paoding.check(FakeModel(net.layers, {**net.facts, "custom": 1}), name="custom")

def test_batches(paoding, net, batches):
    paoding.check(net, [[1], [2]], name="of lists")
"""
MISDEEDS = """
import os, signal, time

class Misdeeds(FakeEngine):
    def prune(self, model, **settings):
        if "crash" in model.facts:
            os.kill(os.getpid(), getattr(signal, model.facts["crash"]))
        if "slow" in model.facts:
            time.sleep(600)
        held = []
        while "big" in model.facts:
            held.append(os.urandom(1 << 24))
        return super().prune(model, **settings)

def pytest_paoding_engine(config):
    return Misdeeds()
"""


def outcome(project: Project, *options: str) -> tuple[list[Any], dict[str, bytes]]:
    """Return what a run has found and published."""
    project.gate(*options)
    found = facts(project)
    for gate in found:
        gate["settings"] = {}
    files = {name: (project.artifacts / name).read_bytes() for name in project.published}
    models = {name: content for name, content in files.items() if not name.endswith(".json")}
    for name in project.published:
        (project.artifacts / name).unlink()
    return found, models


@pytest.mark.parametrize("plan", PLANS)
def test_verdicts_and_files_are_those_of_gates_in_this_process(single: Project, plan: str) -> None:
    single.configure(BUDGET.replace("2%", "6%"), cnn={"slope": 0.2}, mlp={})
    single.write("our_code.py", OURS)
    single.tests(LIVE)
    fresh = (*PLANS[plan], "--cache-clear")
    here, there = outcome(single, *fresh), outcome(single, *fresh, "--paoding-isolate")
    assert here == there
    assert len(here[0]) >= 4


def test_workers_have_a_child_each(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(pytester, monkeypatch, "-p", "xdist.plugin", "-n2")
    project.configure(BUDGET, **{f"cnn{number}": {} for number in range(4)})
    here, there = outcome(project), outcome(project, "--paoding-isolate")
    assert here == there
    assert sorted(here[1]) == [f"cnn{number}.keras" for number in range(4)]


def test_the_engine_of_this_process_does_nothing_and_nothing_twice(single: Project) -> None:
    single.write(
        "conftest.py",
        CONFTEST.replace("return FakeEngine()", "return ENGINE")
        + "\nENGINE = FakeEngine()\ndef pytest_unconfigure():\n    assert not ENGINE.calls\n",
    )
    single.configure(BUDGET, cnn={})
    for reused in (False, True):
        single.gate("--paoding-isolate")
        assert single.gates["cnn"]["outcome"] == "within-budget"
        assert single.gates["cnn"]["reused"] is reused


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_crash_is_that_of_one_gate_and_one_line(project: Project) -> None:
    project.write("conftest.py", CONFTEST + MISDEEDS)
    project.configure(BUDGET, bad={"crash": "SIGSEGV"}, killed={"crash": "SIGKILL"}, good={})
    told = project.gate("--paoding-isolate")
    words = {name: gate["outcome"] for name, gate in project.gates.items()}
    assert words == {"bad": "crashed", "killed": "crashed", "good": "within-budget"}
    reason = "the child process of the gate was ended by SIGSEGV in 'prune'"
    assert project.gates["bad"]["reason"] == reason
    assert "Traceback" not in told.stdout.str()
    told.stdout.fnmatch_lines([f"bad CRASHED: {reason}", "CRASHED *::bad - bad CRASHED: *"])
    assert project.published == ["good.json", "good.keras"]


@pytest.mark.skipif(os.name == "nt", reason="memory is not measured there")
def test_over_time_or_memory_a_gate_is_unjudged_with_the_figure(single: Project) -> None:
    single.write("conftest.py", CONFTEST + MISDEEDS)
    single.configure(BUDGET, big={"big": 1}, slow={"slow": 1}, good={})
    text = (single.path / "pyproject.toml").read_text()
    text = text.replace('slow.keras"', 'slow.keras"\ntimeout = 1').replace(
        'big.keras"', 'big.keras"\nmemory = "300 MB"'
    )
    single.write("pyproject.toml", text)
    single.gate()
    reasons = {name: gate["reason"] for name, gate in single.gates.items()}
    assert reasons["slow"].startswith("the gate took 1.")
    assert " s, timeout allows 1 s" in reasons["slow"]
    assert " MB of memory, memory allows 300.0 MB" in reasons["big"]
    assert {name: gate["outcome"] for name, gate in single.gates.items()} == {
        "big": "unjudged",
        "slow": "unjudged",
        "good": "within-budget",
    }
    assert single.published == ["good.json", "good.keras"]


HOOKS = """
from pytest_paoding import Direction, Measurement, Metric

LAYERS = Metric("units", Direction.LOWER)

def pytest_paoding_load_model(config, spec):
    return FakeModel({"dense": 80}, {"accuracy": (0.9, 0.9)}) if spec.name == "ours" else None

def pytest_paoding_load_data(config, spec):
    return ([[7]], [1]) if spec.name == "ours" else None

def pytest_paoding_metrics(config, spec, original, pruned, data):
    assert data == (([[7]], [1]) if spec.name == "ours" else ([1, 2], [0, 1]))
    before, after = (sum(model.layers.values()) for model in (original, pruned))
    return {LAYERS: Measurement(before, after, after)}

def pytest_paoding_publish(config, result, staged, target):
    target.write_bytes(staged.read_bytes())
    return target
"""


def test_hooks_are_called_here_with_models_of_this_process(single: Project) -> None:
    single.write("conftest.py", CONFTEST + HOOKS)
    single.configure(BUDGET, cnn={}, ours={})
    here, there = outcome(single), outcome(single, "--paoding-isolate")
    assert here == there
    assert single.gates["ours"]["metrics"]["units"]["after"] == 40


def test_the_fixture_brings_what_it_has_pruned(single: Project) -> None:
    single.configure(BUDGET)
    single.tests(
        """
def test_it(paoding, net):
    found = paoding.prune(net, isolate=True, ratio=0.25)
    assert found.model == FakeModel({"dense": 6, "conv": 3}, {"accuracy": [0.90, 0.85]})
    assert [each.name for each in found.plan.layers] == ["dense", "conv", "output"]
    found.plan.save("plan.json")
"""
    )
    assert single.run("--paoding").ret == 0
    assert (single.path / "plan.json").exists()


def test_code_that_no_child_can_import_is_refused_in_one_line(single: Project) -> None:
    single.configure(BUDGET)
    single.tests(
        """
def test_class(paoding, net):
    class Layer: pass
    paoding.check(FakeModel(net.layers, {"made of": {"Layer": Layer}}), isolate=True)

def test_slices(paoding, net):
    paoding.check(net, isolate=True, slices=lambda x, y: y)

def test_data(paoding, net):
    paoding.check(net, object(), isolate=True)
"""
    )
    single.gate()
    reasons = {name: gate["reason"] for name, gate in single.gates.items()}
    assert reasons["test_class"].startswith("'Layer' of the model: a child process")
    assert reasons["test_slices"].startswith("slices: a child process")
    assert reasons["test_data"].startswith("data is or holds a object")
    assert all(gate["outcome"] == "unjudged" for gate in single.gates.values())


@pytest.mark.parametrize(
    "how", ("--paoding-isolate", "--paoding-timeout=9", "--paoding-memory=9GB")
)
def test_an_engine_of_ones_own_may_stay_here(single: Project, how: str) -> None:
    own = "class Own:\n    def __getattr__(self, name):\n        raise AttributeError(name)\n"
    single.write("conftest.py", CONFTEST.replace("return FakeEngine()", "return Own()") + own)
    single.configure(BUDGET, cnn={})
    single.gate(how)
    reason = single.gates["cnn"]["reason"]
    assert reason.startswith("isolate: the engine Own works in this process only: leave")
