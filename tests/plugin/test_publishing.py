"""A file is published when its whole test passed, and at no other time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from support.projects import CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

CHECK = "paoding.check(net, max_accuracy_decay='10%', name='net')"
OTHER = CHECK.replace("'net'", "'second'")


@pytest.mark.parametrize(
    "code",
    (
        f"def test_it(paoding, net):\n    {CHECK}\n    assert False",
        f"def test_it(paoding, net):\n    {CHECK}\n    pytest.skip('later')",
        f"@pytest.mark.xfail\ndef test_it(paoding, net):\n    {CHECK}",
        f"@pytest.mark.xfail(strict=True)\ndef test_it(paoding, net):\n    {CHECK}",
        f"""
@pytest.fixture
def broken():
    yield
    raise OSError("teardown")

def test_it(paoding, net, broken):
    {CHECK}
""",
        f"""
@pytest.fixture(scope="module")
def broken():
    yield
    raise OSError("teardown")

def test_it(paoding, net, broken):
    {CHECK}
""",
        f"""
def test_it(paoding, net):
    {CHECK}
    paoding.check(net, name='other')
""",
    ),
    ids=["assert", "skip", "xfail", "strict-xfail", "teardown", "module-teardown", "second-gate"],
)
def test_nothing_is_published_when_the_test_does_not_pass(single: Project, code: str) -> None:
    single.configure()
    single.write("paoding-artifacts/net.keras", "previous")
    single.tests(code)
    single.gate()
    assert single.published == ["net.keras"]
    assert (single.artifacts / "net.keras").read_text() == "previous"
    gate = single.gates["net"]
    assert gate["outcome"] == "within-budget"
    assert gate["artifact"]["published"] is False
    assert gate["artifact"]["reason"] == "the test did not pass"


def test_a_published_model_stands_beside_its_manifest(project: Project) -> None:
    project.configure(cnn={})
    ran = project.gate()
    assert ran.ret == 0
    assert project.published == ["cnn.json", "cnn.keras"]
    manifest = json.loads((project.artifacts / "cnn.json").read_text())
    artifact = project.gates["cnn"]["artifact"]
    assert manifest["file"]["sha256"] == artifact["sha256"]
    assert artifact["path"] == "paoding-artifacts/cnn.keras"
    assert manifest["gate"]["nodeid"] == "pyproject.toml::paoding::cnn"
    assert project.document["environment"]["keras"] == "3.0"


def test_forcing_publishes_as_an_expected_failure_and_says_so(project: Project) -> None:
    project.configure(cnn={"accuracy": [0.9, 0.5]}, good={}, odd={"layers": {}})
    ran = project.gate("--paoding-force=release  on friday", "-rx", "--paoding-markdown=run.md")
    ran.assert_outcomes(xfailed=1, passed=1, failed=1)
    ran.stdout.fnmatch_lines(["XFAIL *cnn* FORCED: forced: release on friday; accuracy decay *"])
    assert project.published == ["cnn.json", "cnn.keras", "good.json", "good.keras"]
    manifest = json.loads((project.artifacts / "cnn.json").read_text())
    assert manifest["gate"]["forced"] == "release on friday"
    assert project.gates["cnn"]["outcome"] == "forced"
    assert project.gates["good"]["forced"] is None
    assert (
        "| cnn | FORCED | forced: release on friday; accuracy"
        in (project.path / "run.md").read_text()
    )


def test_a_forced_test_goes_on_and_may_still_fail(single: Project) -> None:
    single.configure()
    single.tests("def test_it(paoding, net):\n    paoding.check(net, name='net')\n    assert False")
    ran = single.gate("--paoding-force=x")
    ran.assert_outcomes(failed=1)
    assert single.published == []


@pytest.mark.parametrize("other", ("pass", "assert False"))
def test_publishing_after_the_whole_session(project: Project, other: str) -> None:
    project.configure(cnn={}, mlp={})
    project.tests(f"def test_last():\n    {other}")
    ran = project.gate("--paoding-publish=session")
    passed = other == "pass"
    assert ran.ret == (0 if passed else 1)
    files = ["cnn.json", "cnn.keras", "mlp.json", "mlp.keras"]
    assert project.published == (files if passed else [])
    artifact = project.gates["cnn"]["artifact"]
    assert artifact["published"] is passed
    assert artifact["reason"] == (None if passed else "the session did not pass")


def test_only_judging_writes_nothing(single: Project) -> None:
    single.configure(cnn={})
    ran = single.gate("--paoding-no-artifacts")
    assert ran.ret == 0
    assert not single.artifacts.exists()
    assert single.gates["cnn"]["artifact"] is None
    ran.stdout.fnmatch_lines(["1 gate, 1 pruned"])


def test_a_folder_of_ones_own_is_relative_to_where_pytest_was_called(single: Project) -> None:
    single.configure(cnn={})
    single.gate("--paoding-artifacts=out/here")
    assert (single.path / "out" / "here" / "cnn.keras").is_file()


def test_a_target_that_is_a_folder_fails_the_teardown(project: Project) -> None:
    project.configure(cnn={})
    project.write("paoding-artifacts/cnn.keras/inside", "")
    ran = project.gate()
    assert ran.ret == 1
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines(["cannot publish *cnn.keras: Is a directory; make room or choose *"])
    assert project.gates["cnn"]["artifact"]["published"] is False


def test_a_target_that_is_a_folder_fails_the_session_that_publishes_at_its_end(
    single: Project,
) -> None:
    single.configure(cnn={})
    single.write("paoding-artifacts/cnn.keras/inside", "")
    ran = single.gate("--paoding-publish=session")
    assert ran.ret == 1
    assert single.document["session"]["exit"] == 1
    ran.stdout.fnmatch_lines(["cannot publish *cnn.keras*"])


def test_a_manifest_that_cannot_be_replaced_is_an_error_but_the_model_is_there(
    single: Project,
) -> None:
    single.configure(cnn={})
    single.write("paoding-artifacts/cnn.json/inside", "")
    ran = single.gate()
    ran.assert_outcomes(passed=1, errors=1)
    assert single.gates["cnn"]["artifact"]["published"] is True
    assert (single.artifacts / "cnn.keras").is_file()


def test_an_artifact_folder_that_is_a_file_is_unjudged(single: Project) -> None:
    single.configure(cnn={})
    single.write("paoding-artifacts", "")
    ran = single.gate()
    ran.assert_outcomes(failed=1)
    assert single.gates["cnn"]["reason"].startswith("cannot stage in")


def test_a_publishing_hook_that_raises_is_an_error_of_its_test(project: Project) -> None:
    project.configure(cnn={}, mlp={})
    project.tests(f"def test_two(paoding, net):\n    {CHECK}\n    {OTHER}")
    project.write(
        "conftest.py",
        CONFTEST
        + """
def pytest_paoding_publish(config, result, staged, target):
    if result.name in ("cnn", "net"):
        raise ConnectionError("no shelf")
""",
    )
    ran = project.gate()
    ran.assert_outcomes(passed=3, errors=2)
    ran.stdout.fnmatch_lines(["E *ConnectionError: no shelf"])
    assert project.published == ["mlp.json", "mlp.keras"]
    for name in ("cnn", "net", "second"):
        artifact = project.gates[name]["artifact"]
        assert (artifact["published"], artifact["reason"]) == (False, "publishing failed")


RERUN = f"""
import os

def attempt():
    with open("attempts", "a") as file:
        file.write("x")
    return os.path.getsize("attempts")

def test_it(paoding, net):
    {CHECK}
    assert attempt() == 2
"""


@pytest.mark.parametrize("workers", ((), ("-p", "xdist.plugin", "-n2")), ids=["no-xdist", "n2"])
def test_the_last_attempt_decides(single: Project, workers: tuple[str, ...]) -> None:
    single.configure()
    single.tests(RERUN)
    single.write(
        "conftest.py",
        CONFTEST
        + """
def pytest_paoding_gate_finished(config, result):
    if not hasattr(config, "workerinput"):
        with open("finished", "a") as file:
            print(result.name, result.attempts, file=file)
""",
    )
    plugins = ("-p", "pytest_rerunfailures", *workers)
    ran = single.gate("--reruns=2", "--junitxml=junit.xml", *plugins)
    assert ran.ret == 0
    assert single.gates["net"]["attempts"] == 2
    assert single.published == ["net.json", "net.keras"]
    for case in ET.parse(single.path / "junit.xml").iter("testcase"):
        names = [found.get("name") for found in case.iter("property")]
        assert names.count("paoding.model") == 1
    assert (single.path / "finished").read_text().split() == ["net", "2"]


def test_a_gate_that_fails_every_attempt_fails(single: Project) -> None:
    single.configure(cnn={"accuracy": [0.9, 0.5]})
    ran = single.gate("--reruns=1", "-p", "pytest_rerunfailures")
    assert ran.ret == 1
    assert single.gates["cnn"]["attempts"] == 2
    ran.stdout.fnmatch_lines(["OVER BUDGET *cnn*"])


def test_after_an_interrupt_nothing_is_published_and_the_rest_is_told(single: Project) -> None:
    single.configure()
    single.tests(
        f"""
def test_a(paoding, net):
    paoding.check(net, max_accuracy_decay="10%")

def test_b(paoding, net):
    {CHECK}
    raise KeyboardInterrupt
"""
    )
    ran = single.gate(interrupted=True)
    assert ran.ret == 2
    assert single.published == ["test_a.json", "test_a.keras"]
    session = single.document["session"]
    assert (session["exit"], session["complete"]) == (2, False)
    single.gate("--paoding-publish=session", "--paoding-artifacts=other", interrupted=True)
    assert sorted(path.name for path in (single.path / "other").iterdir()) == [".gitignore"]


def test_leaving_early_is_no_complete_run(single: Project) -> None:
    single.configure(cnn={"accuracy": [0.9, 0.5]}, mlp={})
    ran = single.gate("-x")
    assert ran.ret == 1
    assert single.document["session"]["complete"] is False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_run_leaves_is_removed_by_the_next(single: Project) -> None:
    single.configure()
    single.tests(
        f"""
import pathlib, time

def test_it(paoding, net):
    {CHECK}
    pathlib.Path("staged").touch()
    while pathlib.Path("staged").exists():
        time.sleep(0.01)
"""
    )
    command = [sys.executable, "-m", "pytest", *single.plugins, "--paoding"]
    process = subprocess.Popen(command, cwd=single.path, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (single.path / "staged").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (left,) = single.published
    assert left.startswith(".staging-")
    single.run("--paoding", "--co")
    assert single.published == [left]
    single.gate("--deselect=test_it.py")
    assert single.published == []
