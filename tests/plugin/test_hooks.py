"""Every hook's example is a conftest.py that works; and what hooks can change."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.plugin import hookspecs
from support.projects import BUDGET, CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

HOOKS = {
    name: hook
    for name, hook in vars(hookspecs).items()
    if name.startswith("pytest_paoding_") and inspect.isfunction(hook)
}


def example(name: str) -> str:
    """Return the literal block of a hook's docstring, which is one because it is indented."""
    _, _, code = (inspect.getdoc(HOOKS[name]) or "").partition("::\n\n")
    assert code.startswith("    ")
    assert f"def {name}(" in code
    return textwrap.dedent(code)


@pytest.mark.parametrize("name", HOOKS)
def test_the_example_of_a_hook_works(single: Project, name: str) -> None:
    single.configure(BUDGET, digits={})
    single.write("ours.py", example(name))
    single.write("conftest.py", f'{CONFTEST}\npytest_plugins = ["ours"]\n')
    ran = single.gate("-W", "error")
    assert ran.ret == 0
    SHOWS[name](single)


def budgets(project: Project) -> None:
    (decay, agreement) = project.gates["digits"]["checks"]
    assert decay["budget"] == "max_accuracy_decay"
    assert (agreement["limit"], agreement["source"]) == (0.9, "conftest.py")


def shelf(project: Project) -> None:
    assert (project.path / "shelf" / "digits.keras").is_file()
    assert project.published == []
    assert project.gates["digits"]["artifact"]["path"] == "shelf/digits.keras"


def finished(project: Project) -> None:
    assert (project.path / "gates.txt").read_text() == "digits within-budget\n"


def metrics(project: Project) -> None:
    assert project.gates["digits"]["metrics"]["layers_kept"]["found"] == 1.0


def updated(project: Project) -> None:
    assert project.document["environment"]["build"] == "local"


def plain(project: Project) -> None:
    assert project.gates["digits"]["outcome"] == "within-budget"


SHOWS = {
    "pytest_paoding_engine": plain,
    "pytest_paoding_load_model": plain,
    "pytest_paoding_load_data": plain,
    "pytest_paoding_metrics": metrics,
    "pytest_paoding_modify_budget": budgets,
    "pytest_paoding_gate_finished": finished,
    "pytest_paoding_publish": shelf,
    "pytest_paoding_update_json": updated,
}


def test_a_hook_can_load_models_and_data(single: Project) -> None:
    single.configure(BUDGET + '[tool.paoding.models.ours]\npath = "ours.bin"\n')
    single.write(
        "conftest.py",
        CONFTEST
        + """
def pytest_paoding_load_model(config, spec):
    assert spec.path.name == "ours.bin"
    return FakeModel({"a": 4})

def pytest_paoding_load_data(config, spec):
    return [1], [1]
""",
    )
    assert single.gate().ret == 0


def test_a_metric_of_ones_own_can_be_limited(project: Project) -> None:
    project.configure(BUDGET, cnn={})
    project.write(
        "conftest.py",
        CONFTEST
        + """
from pytest_paoding.records.budgets import Limit
from pytest_paoding.records.metrics import Direction, Metric
from pytest_paoding.records.measurement import Measurement

F1 = Metric("f1", Direction.HIGHER)

def pytest_paoding_metrics(config, spec, original, pruned, data):
    return {F1: Measurement(0.9, 0.7, 0.7)}

def pytest_paoding_modify_budget(config, item, spec, budget):
    budget[F1.key] = Limit(F1, 0.8, source="conftest.py")
""",
    )
    ran = project.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["cnn OVER BUDGET: f1 0.7 < 0.8"])
