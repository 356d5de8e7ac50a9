"""The messages that the page on troubles quotes are those that runs end with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.doc_tables import ROOT
from support.projects import BUDGET, make_project

if TYPE_CHECKING:
    from support.projects import Project

PAGE = (ROOT / "pytest_paoding" / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MODEL = "[tool.paoding.models.digits_mlp]"
REGRESSION = '[tool.paoding.regression]\nmax_size_increase = "2%"\n'
BASELINE = BUDGET.replace("ratio", 'baseline = "b.json"\nratio', 1)
CONFLICT = "<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"


@pytest.fixture
def single(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("CI", raising=False)
    return make_project(pytester, monkeypatch)


def check(project: Project, status: int, message: str, *options: str) -> None:
    ran = project.run(*options)
    assert ran.ret == status
    assert message in "\n".join((*ran.outlines, *ran.errlines))
    assert message in PAGE


@pytest.mark.parametrize(
    ("settings", "model", "message"),
    (
        (BUDGET, "max_sise = 3", f"{MODEL} max_sise: unknown key, did you mean max_size, in the"),
        (BUDGET, "budget = { max_sise = 3 }", f"{MODEL} max_sise: unknown key, did you mean max_"),
        (BUDGET.replace("0.5", "50"), "", "[tool.paoding] ratio: 50 is not a share between 0 and"),
        (
            f"{BUDGET}max_size = '512 KB'\n",
            "",
            "max_size: unknown unit 'KB', did you mean kB (1000",
        ),
        (
            BUDGET.replace("ratio = 0.5", ""),
            "",
            "no ratio is given: run pytest with --paoding-ratio",
        ),
        (
            BUDGET.replace("ratio = 0.5", "ratio = 0.5\ntarget = 'size:1MB'"),
            "",
            "ratio and target are both given (pyproject.toml [tool.paoding]): give one of them",
        ),
        (
            "[tool.paoding]\nratio = 0.5\n",
            "",
            "no budget applies: set at least one, such as max_acc",
        ),
        (
            f"{BUDGET}[tool.paoding.budget.onnx]\nmax_size = 9\n",
            "",
            "[tool.paoding.budget.onnx] nothing is exported as onnx: add it to formats",
        ),
        (BUDGET + REGRESSION, "", "max_size_increase needs a baseline: set baseline in [tool.paod"),
        (
            BASELINE,
            "",
            "baseline is set, but nothing is compared with it: set a limit in [tool.pao",
        ),
    ),
)
def test_settings_that_are_wrong(single: Project, settings: str, model: str, message: str) -> None:
    single.configure(settings, digits_mlp={})
    path = single.path / "pyproject.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}{model}\n", encoding="utf-8")
    check(single, 4, message, "--paoding")


def test_gates_that_are_off(single: Project) -> None:
    single.configure(BUDGET, digits_mlp={})
    check(single, 0, "paoding gates are off: run pytest with --paoding or --paoding-ratio=R", "-rs")


def test_a_package_that_is_missing(single: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_paoding.records.optional_packages.find_spec", lambda _: None)
    single.configure(BUDGET, digits_mlp={})
    message = 'attack "pgd" needs foolbox: pip install "pytest-paoding[robust]"'
    check(single, 4, message, "--paoding", "--paoding-attack=pgd")


def test_a_required_gate_that_did_not_run(single: Project) -> None:
    single.configure(BUDGET.replace("ratio", 'require = ["digits_cnn"]\nratio', 1), digits_mlp={})
    message = "required gate digits_cnn did not run"
    check(single, 1, message, "--paoding")
    check(single, 0, "not enforced in a partial run (-k)", "--paoding", "-k", "mlp")
    check(single, 1, message, "--paoding", "-k", "mlp", "--paoding-strict")


def test_baselines(single: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    single.configure(BASELINE + REGRESSION, digits_mlp={})
    message = "size increase: b.json has no entry digits_mlp: write it with pytest --paoding-update"
    check(single, 1, message, "--paoding")
    single.write("b.json", CONFLICT)
    check(single, 4, "b.json: has merge conflict markers: resolve them, or pytest", "--paoding")
    (single.path / "b.json").unlink()
    single.configure(BASELINE + REGRESSION, digits_mlp={}, digits_cnn={})
    assert single.run("--paoding-update-baseline").ret == 0
    single.configure(BASELINE.replace("0.5", "0.3") + REGRESSION, digits_mlp={})
    run = single.run("--paoding")
    assert "baseline entry digits_cnn is stale: no gate has it" in run.outlines
    check(single, 1, "the baseline was made with ratio 0.5, here 0.3", "--paoding")
    monkeypatch.setenv("CI", "true")
    message = "b.json was written in CI: it counts once it is committed"
    check(single, 1, message, "--paoding-update-baseline=all")
