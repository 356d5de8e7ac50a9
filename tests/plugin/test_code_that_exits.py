"""Code of the project that ends its process, as scripts do, ends the gate and no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET, DATA, facts

if TYPE_CHECKING:
    from support.projects import Project

EXITS = {
    "sys.exit('no dataset')": "SystemExit: no dataset",
    "sys.exit(3)": "SystemExit: 3",
    "sys.exit()": "SystemExit",
    "argparse.ArgumentParser().parse_args(['x'])": "SystemExit: 2",
}
CODE = f"""\
import argparse, sys

def leave(*given):
    {{}}

def holdout():
    return {DATA}
"""
CALLED = ("data", "calibration")
IMPORTED = (*CALLED, "slices", "score")
CASES = [
    *((key, call, False, False) for key in CALLED for call in EXITS),
    *((key, "sys.exit('no dataset')", True, False) for key in IMPORTED),
    *((key, "sys.exit('no dataset')", False, True) for key in CALLED),
    *((key, "sys.exit('no dataset')", True, True) for key in IMPORTED),
]
"""Keys, how their code exits, whether when it is imported, and whether in a child process."""
HOOKS = (
    "pytest_paoding_load_model(config, spec)",
    "pytest_paoding_load_data(config, spec)",
    "pytest_paoding_modify_budget(config, item, spec, budget)",
    "pytest_paoding_metrics(config, spec, original, pruned, data)",
)


def configure(project: Project, module: str, keys: str, *, at_import: bool) -> None:
    """Write a module that exits, and a model with keys that name it."""
    project.configure(BUDGET, cnn={})
    text = (project.path / "pyproject.toml").read_text()
    project.write("pyproject.toml", text.replace('data = "our_data:holdout"\n', keys))
    project.write("our_code.py", f"{module}\nleave()\n" if at_import else module)


@pytest.mark.parametrize(("key", "call", "at_import", "isolated"), CASES)
def test_the_gate_is_unjudged_with_the_place_in_every_report(
    single: Project, key: str, call: str, *, at_import: bool, isolated: bool
) -> None:
    keys = f'{key} = "our_code:leave"\n'
    keys += 'data = "our_data:holdout"\n' if key != "data" else ""
    configure(single, CODE.format(call), keys, at_import=at_import)
    options = ("--paoding-markdown=run.md", "--paoding-html=run.html", "--junitxml=run.xml")
    ran = single.gate(*options, *(["--paoding-isolate"] if isolated else []))
    assert ran.ret == 1
    line = f"{key} 'our_code:leave' raised at our_code.py:4: {EXITS[call]}"
    assert [(each["outcome"], each["reason"]) for each in facts(single)] == [("unjudged", line)]
    ran.stdout.no_fnmatch_line("*Traceback*")
    for name in ("run.md", "run.html", "run.xml"):
        assert "our_code.py:4: SystemExit" in (single.path / name).read_text(encoding="utf-8")
    assert "our_code.py:4: SystemExit" in ran.stdout.str()


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_exits_is_a_defect_of_the_gate(single: Project, hook: str) -> None:
    single.configure(BUDGET, cnn={}, mlp={})
    conftest = (single.path / "conftest.py").read_text()
    code = f"    if {'item.name' if 'item' in hook else 'spec.name'}.startswith('cnn'):\n"
    single.write("conftest.py", f"{conftest}\ndef {hook}:\n{code}        raise SystemExit(3)\n")
    single.gate().assert_outcomes(failed=1, passed=1)
    assert single.gates["cnn"]["outcome"] == "crashed"
    assert single.gates["cnn"]["reason"] == "SystemExit: 3"


@pytest.mark.parametrize("isolated", (False, True), ids=("here", "isolated"))
def test_code_that_exits_in_an_engine_is_a_defect_of_the_gate(
    single: Project, *, isolated: bool
) -> None:
    engine = """
import sys

class Leaving(FakeEngine):
    def prune(self, model, **settings):
        if "leave" in model.facts:
            sys.exit(3)
        return super().prune(model, **settings)

def pytest_paoding_engine(config):
    return Leaving()
"""
    single.write("conftest.py", (single.path / "conftest.py").read_text() + engine)
    single.configure(BUDGET, cnn={"leave": 1}, mlp={})
    single.gate(*(["--paoding-isolate"] if isolated else [])).assert_outcomes(failed=1, passed=1)
    assert single.gates["cnn"]["outcome"] == "crashed"
    assert single.gates["cnn"]["reason"] == "SystemExit: 3"


def test_ctrl_c_in_data_still_ends_the_run(single: Project) -> None:
    configure(
        single, CODE.format("raise KeyboardInterrupt"), 'data = "our_code:leave"\n', at_import=False
    )
    assert single.gate(interrupted=True).ret == 2


def test_data_may_still_skip_and_fail_the_test(single: Project) -> None:
    for call, outcome in (("skip", "skipped"), ("fail", "failed")):
        code = CODE.format(f"import pytest; pytest.{call}('no dataset')")
        configure(single, code, 'data = "our_code:leave"\n', at_import=False)
        single.gate().assert_outcomes(**{outcome: 1})
        assert single.document["gates"] == []
