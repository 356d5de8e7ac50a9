"""The GitHub Action: what it runs, and what it tells the job."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.projects import BUDGET, make_project

if TYPE_CHECKING:
    from support.projects import Project

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "paoding-gate"
TEXT = (ACTION / "action.yml").read_text(encoding="utf-8")
OUTPUTS = {"outcome", "passed", "failed", "json", "html", "artifact", "artifacts"}


@pytest.fixture
def single(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(pytester, monkeypatch)


def act(project: Project, **variables: str) -> tuple[int, dict[str, str]]:
    """Run the action's script as its step does; return its exit code and outputs."""
    output = project.path / "output"
    output.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "GITHUB_OUTPUT": str(output),
        "PAODING_REPORTS": str(project.path / "reports"),
        "PAODING_ARGS": "-p pytest_paoding.plugin -q",
        **variables,
    }
    command = [sys.executable, str(ACTION / "gate.py")]
    ran = subprocess.run(command, cwd=project.path, env=environment, check=False)
    found = re.findall(r"^(\w+)<<(\S+)\n(.*?)\n\2$", output.read_text(), re.MULTILINE | re.DOTALL)
    return ran.returncode, {name: value for name, _, value in found}


@pytest.mark.parametrize(
    ("models", "variables", "status", "expected"),
    (
        (
            {"cnn": {}},
            {"PAODING_RATIO": "0.5"},
            0,
            {"outcome": "passed", "passed": "cnn", "failed": ""},
        ),
        (
            {"cnn": {}, "mlp": {"accuracy": [0.9, 0.5]}},
            {},
            1,
            {"outcome": "over-budget", "passed": "cnn", "failed": "mlp"},
        ),
        ({"odd": {"layers": {}}}, {"PAODING_FAIL": "false"}, 0, {"outcome": "unjudged"}),
        ({"cnn": {}}, {"PAODING_RATIO": "50"}, 4, {"outcome": "error", "json": "", "passed": ""}),
        (
            {"cnn": {}},
            {"PAODING_BASELINE": "broken.json"},
            4,
            {"outcome": "error", "artifacts": ""},
        ),
    ),
    ids=["passed", "over", "unjudged", "usage", "baseline"],
)
def test_the_outputs_tell_what_came_of_the_gates(
    single: Project,
    models: dict[str, Any],
    variables: dict[str, str],
    status: int,
    expected: dict[str, str],
) -> None:
    single.configure(BUDGET, **models)
    single.write("broken.json", "{")
    code, outputs = act(single, **variables)
    assert code == status
    assert outputs | expected == outputs
    for path in outputs["artifacts"].split():
        assert Path(path).is_file()
    assert bool(outputs["artifacts"]) == bool(outputs["passed"])


def test_a_failing_test_that_is_no_gate_is_an_error(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    single.tests("def test_it(): assert False")
    assert act(single)[1]["outcome"] == "error"


def test_artifacts_are_found_from_another_folder(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    inner = single.path / "sub"
    inner.mkdir()
    for name in ("pyproject.toml", "our_data.py", "conftest.py", "models"):
        (single.path / name).rename(inner / name)
    status, outputs = act(single, PAODING_ARGS="-p pytest_paoding.plugin -q sub")
    assert status == 0
    assert [Path(path).relative_to(inner).as_posix() for path in outputs["artifacts"].split()] == [
        "paoding-artifacts/cnn.keras",
        "paoding-artifacts/cnn.json",
    ]


def test_arguments_are_split_but_never_run(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    arguments = "-p pytest_paoding.plugin -k 'cnn or $(touch ran)'"
    act(single, PAODING_ARGS=arguments)
    assert not (single.path / "ran").exists()


def test_a_value_cannot_add_outputs_of_its_own(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    single.write("pyproject.toml", '[tool.paoding]\nratio = 0.5\nartifacts = "a\\nb"\n')
    _, outputs = act(single)
    assert set(outputs) == OUTPUTS


def test_every_input_is_declared_and_reaches_the_script_as_a_variable() -> None:
    declared = set(re.findall(r"^  ([\w-]+):$", TEXT.partition("\noutputs:")[0], re.MULTILINE))
    declared -= {"icon", "color"}
    used = set(re.findall(r"inputs\.([\w-]+)", TEXT))
    assert used == declared
    scripts = re.findall(r"^ +run: (.*)$", TEXT, re.MULTILINE)
    assert len(scripts) == 1
    assert "${{" not in scripts[0]
    script = (ACTION / "gate.py").read_text(encoding="utf-8")
    passed_on = set(re.findall(r"^ +(PAODING_\w+):", TEXT, re.MULTILINE))
    read = set(re.findall(r"PAODING_\w+", script)) | {"PAODING_PYTHON", "PAODING_CACHE_KEY"}
    assert read == passed_on


def test_outputs_are_those_that_the_script_writes(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    _, outputs = act(single)
    declared = set(re.findall(r"steps\.run\.outputs\.(\w+)", TEXT))
    assert declared == set(outputs)


def test_the_workflow_uses_the_action() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "uses: ./.github/actions/paoding-gate" in workflow


@pytest.mark.parametrize(
    ("variables", "expected"),
    (
        ({}, "paoding-gates"),
        ({"PAODING_JOB_INDEX": "0", "PAODING_JOB_TOTAL": "1"}, "paoding-gates"),
        ({"PAODING_JOB_INDEX": "0", "PAODING_JOB_TOTAL": "3"}, "paoding-gates-0"),
        ({"PAODING_JOB_INDEX": "2", "PAODING_JOB_TOTAL": "3"}, "paoding-gates-2"),
        ({"PAODING_ARTIFACT": "mine", "PAODING_JOB_INDEX": "2", "PAODING_JOB_TOTAL": "3"}, "mine"),
        ({"PAODING_ARTIFACT": ""}, ""),
    ),
)
def test_what_is_uploaded_has_a_name_that_no_other_job_gives(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in {"PAODING_JOB": "gates", **variables}.items():
        monkeypatch.setenv(name, value)
    assert runpy.run_path(str(ACTION / "gate.py"))["_artifact"]() == expected


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / ".github").rglob("*.yml")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_what_a_workflow_uses_is_pinned_by_commit(path: Path) -> None:
    for used in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        assert re.fullmatch(r"(\./\S+|[\w-]+(/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+)( #.*)?", used)


def test_results_are_kept_between_runs_only_with_a_key() -> None:
    restored, saved = re.split(r"\n    - id: run\n", TEXT)
    for step, action in ((restored, "cache/restore@"), (saved, "cache/save@")):
        (condition,) = re.findall(rf"- if: (.*)\n +uses: actions/{action}", step)
        assert "inputs.cache-key != ''" in condition
    (prefix,) = re.findall(r"restore-keys: (\S.*)", restored)
    key, path = (
        re.findall(rf"{name}: (\S.*)", saved.partition("cache/save@")[2])
        for name in ("key", "path")
    )
    assert key[0].startswith(prefix)
    assert re.findall(r" path: (\S.*)", restored) == path[:1]
    assert path[0].endswith("/.pytest_cache/d/paoding")
    assert "PAODING_CACHE_KEY: ${{ inputs.cache-key }}" in TEXT
