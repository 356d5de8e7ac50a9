"""Reports take the place of earlier reports or of nothing, which is made sure of at the start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

KINDS = {"json": "json", "markdown": "md", "html": "html"}
LISTED = BUDGET.replace("ratio", 'baseline = "accepted.json"\nratio', 1)
LISTED += '[tool.paoding.regression]\nmax_size_increase = "5%"\n'


@pytest.fixture
def cnn(single: Project) -> Project:
    """A project with a gate, whose run leaves no trace of itself but reports and what it names."""
    single.configure(BUDGET, cnn={})
    single.write("other.py", "MINE = 1\n")
    single.write("kept.h5", "weights")
    (single.path / "folder").mkdir()
    return single


def contents(project: Project) -> dict[str, bytes | None]:
    return {
        path.relative_to(project.path).as_posix(): path.read_bytes() if path.is_file() else None
        for path in project.path.rglob("*")
        if ".pytest_cache" not in path.parts and "__pycache__" not in path.parts
    }


def refused(project: Project, *options: str, switch: str = "--paoding") -> str:
    """Run; return the one line that refuses it, before anything was pruned, made or written."""
    before = contents(project)
    ran = project.run(switch, *options)
    assert ran.ret == 4
    assert contents(project) == before
    errors = [line for line in ran.errlines if line.strip()]
    assert len(errors) == 1
    return errors[0].removeprefix("ERROR: ")


ALIASES = {
    "plain": "{}",
    "dotted": "./folder/../{}",
    "absolute": "{here}/{}",
    "linked": "link/{}",
    "a link": "straight",
}


def alias(project: Project, how: str, name: str) -> str:
    """Return another spelling of a path."""
    (project.path / "link").symlink_to(project.path)
    (project.path / "straight").symlink_to(project.path / name)
    return ALIASES[how].format(name, here=project.path)


TAKEN = {
    "models/cnn.keras": "is the model cnn, which would be lost: name another file",
    "accepted.json": "is the baseline, which would be lost: name another file",
    "pyproject.toml": "holds the settings, which would be lost: name another file",
    **{
        f"paoding-artifacts/{name}": "is where a gate publishes: name another file, or a folder*"
        for name in ("cnn.keras", "cnn.json", "cnn.int8.tflite", "cnn.cdx.json", "test_it.onnx")
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKEN)
def test_what_a_run_reads_or_publishes_is_no_report(cnn: Project, kind: str, name: str) -> None:
    cnn.configure(LISTED, cnn={})
    line = refused(cnn, f"--paoding-{kind}={name}")
    assert line.startswith(f"--paoding-{kind}={name}: {TAKEN[name].rstrip('*')}")


@pytest.mark.parametrize("how", ALIASES)
@pytest.mark.parametrize("name", ("models/cnn.keras", "paoding-artifacts/cnn.json"))
def test_a_file_is_the_same_by_another_name(cnn: Project, how: str, name: str) -> None:
    if name.startswith("paoding"):
        cnn.run("--paoding")
    given = alias(cnn, how, name)
    line = refused(cnn, f"--paoding-json={given}")
    assert line.startswith(f"--paoding-json={given}: is ")


def test_models_are_safe_while_gates_are_off(cnn: Project) -> None:
    assert "is the model cnn" in refused(
        cnn, "--paoding-json=models/cnn.keras", switch="--no-paoding"
    )


@pytest.mark.parametrize("how", ALIASES)
@pytest.mark.parametrize("there", (False, True), ids=("nothing", "report"))
def test_two_reports_are_two_files(cnn: Project, how: str, *, there: bool) -> None:
    if there:
        cnn.run("--paoding", "--paoding-json=x")
    given = alias(cnn, how, "x")
    line = refused(cnn, "--paoding-json=x", f"--paoding-html={given}")
    assert line == (
        f"--paoding-html={given}: is where the report in json goes too: name another file"
    )
    assert "--junitxml goes too" in refused(cnn, "--junitxml=x", f"--paoding-html={given}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ("new/", "folder", "folder/", "", ".", "models/new/"))
def test_a_folder_is_no_report(cnn: Project, kind: str, name: str) -> None:
    line = refused(cnn, f"--paoding-{kind}={name}")
    assert line.startswith(f"--paoding-{kind}={name}: is a folder: name a file in it, such as ")
    assert line.endswith(f"report.{KINDS[kind]}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ("other.py", "kept.h5"))
def test_files_of_other_kinds_stay(cnn: Project, kind: str, name: str) -> None:
    line = refused(cnn, f"--paoding-{kind}={name}")
    assert line.endswith("which would be lost: remove it, or name another file")
    given = KINDS["json" if kind != "json" else "html"]
    cnn.write(f"mine.{given}", "mine")
    assert "would be lost" in refused(cnn, f"--paoding-{kind}=mine.{given}")


FOREIGN = {
    '{"mine": 1}': "is no report",
    "[1]": "is no report",
    "text": "is no report",
    "[" * 100_000: "is no report",
    '{"schema": "pytest-paoding/1", "gate": {}}': "is a manifest",
    '{"schema": "pytest-paoding-baseline/1", "gates": {}}': "is a baseline",
    '{"schema": "pytest-paoding-history/1"}': "is a run of a history",
}


@pytest.mark.parametrize("content", FOREIGN, ids=[f"{each[:20]}" for each in FOREIGN])
def test_json_that_is_no_report_stays(cnn: Project, content: str) -> None:
    cnn.write("x.json", content)
    line = refused(cnn, "--paoding-json=x.json")
    assert line == (
        f"--paoding-json=x.json: {FOREIGN[content]}, which would be lost: remove it, or name"
        " another file"
    )


@pytest.mark.parametrize("name", ("run.{}", "new/folder/run.{}", "run", "run.txt", "link"))
def test_new_files_empty_ones_and_earlier_reports_are_written(cnn: Project, name: str) -> None:
    (cnn.path / "link").symlink_to(cnn.path / "not-there-yet")
    cnn.write("run.json", "")
    for kind, ending in KINDS.items():
        option = f"--paoding-{kind}={name.format(ending)}"
        if "{" not in name:
            (cnn.path / name.replace("link", "not-there-yet")).unlink(missing_ok=True)
        for _ in range(2):
            ran = cnn.run("--paoding", option)
            assert ran.ret == 0
            ran.stdout.fnmatch_lines([f"results written to {name.format(ending)}"])


def impossible(path: Path) -> dict[str, str]:
    """Return paths that no file can have, and why."""
    (path / "lost").symlink_to(path / "gone" / "run")
    return {
        "other.py/x": "other.py is no folder: name another file",
        "other.py/deep/er/x": "other.py is no folder: name another file",
        "lost": "is a link into a folder that is not there: name another file",
        "x" * 300: f"cannot write {'x' * 300}: File name too long; name another file",
        "/proc/paoding/x": "cannot write /proc/paoding/x: No such file or directory; *",
    }


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="paths of Linux")
@pytest.mark.parametrize("kind", KINDS)
def test_a_path_that_cannot_be_is_refused_with_the_reason(cnn: Project, kind: str) -> None:
    for name, why in impossible(cnn.path).items():
        line = refused(cnn, f"--paoding-{kind}={name}")
        assert line.startswith(f"--paoding-{kind}={name}: {why.rstrip('*')}")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write it")
def test_a_folder_that_cannot_be_written_is_refused(cnn: Project) -> None:
    (cnn.path / "folder").chmod(0o500)
    line = refused(cnn, "--paoding-html=folder/new/x.html")
    assert "Permission denied; allow it, or name another file" in line


def test_streams_take_whatever_comes(cnn: Project) -> None:
    devices = [f"--paoding-{kind}={os.devnull}" for kind in KINDS]
    assert cnn.run("--paoding", *devices).ret == 0


def test_every_fault_is_a_line(cnn: Project) -> None:
    ran = cnn.run("--paoding", "--paoding-json=folder", "--paoding-html=other.py")
    assert ran.ret == 4
    assert [line.partition(": ")[2][:9] for line in ran.errlines if line] == ["--paoding"] * 2


def test_a_manifest_that_came_during_the_run_stays(single: Project) -> None:
    single.configure(BUDGET)
    single.tests("def test_own(paoding, net):\n    paoding.check(net, name='own')\n")
    name = "paoding-artifacts/own.json"
    ran = single.run("--paoding-max-accuracy-decay=10%", "--paoding", f"--paoding-json={name}")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines([f"cannot write {name}: is a manifest, which would be lost: *"])
    assert '"gate"' in (single.path / name).read_text()
