"""Workers that share no folder with the controller, no disk, or nothing but a pipe."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET, CONFTEST, facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.projects import Project


def remote(project: Project, *specs: str) -> list[str]:
    """Return options for workers with folders of their own, which the project is copied to."""
    copied = [f"--rsyncdir={project.path}", str(project.path)]
    return ["-p", "xdist.plugin", "--dist=load", *copied, *specs]


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


PLAN = {
    "plain": ([], ["cnn", "mlp", "net"]),
    "warnings are errors": (["-Werror", "-Wignore:The --rsyncdir"], ["cnn", "mlp", "net"]),
    "session": (["--paoding-publish=session"], ["cnn", "mlp", "net"]),
    "sweep": (["--paoding-ratio=0.25,0.5"], ["cnn", "mlp", "net"]),
    "formats": (["--paoding-formats=tflite-int8"], ["cnn", "mlp", "net"]),
    "failing": (["--paoding-publish=session", "--paoding-max-size=1"], []),
}


@pytest.mark.parametrize("plan", PLAN)
def test_pitfall_6_files_of_workers_in_other_folders_travel(
    single: Project, elsewhere: Path, plan: str
) -> None:
    options, names = PLAN[plan]
    single.configure(BUDGET, cnn={}, mlp={})
    single.tests(
        """
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_it(paoding, net):
    paoding.check(net, name="net")
"""
    )
    workers = [f"--tx=popen//chdir={elsewhere / name}" for name in ("one", "two")]
    for name in ("one", "two"):
        (elsewhere / name).mkdir()
    ran = single.gate(*remote(single, *workers), *options)
    assert ran.ret == (0 if names else 1)
    kinds = ["int8.tflite"] * (plan == "formats") + ["json", "keras"]
    expected = [f"{name}.{kind}" for name in names for kind in kinds]
    assert single.published == expected
    for name in names:
        manifest = json.loads((single.artifacts / f"{name}.json").read_text())
        assert manifest["file"]["bytes"] == (single.artifacts / f"{name}.keras").stat().st_size
        for file in manifest["files"]:
            content = (single.artifacts / file["name"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    left = [path for path in elsewhere.rglob("*.keras") if "models" not in path.parts]
    assert [path for path in left if ".pytest_cache" not in path.parts] == []
    if not options:
        assert {gate["artifact"]["published"] for gate in single.gates.values()} == {True}
        # Before 8.1 pytest takes the folder above for the root, if nothing says which it is.
        remotely = json.loads(json.dumps(facts(single)).replace(f"{single.path.name}/", ""))
        single.gate("-p", "no:cacheprovider")
        assert facts(single) == remotely


@pytest.mark.parametrize("damaged", ("keras", "onnx"))
def test_a_file_that_was_damaged_on_its_way_is_not_published(
    single: Project, elsewhere: Path, damaged: str
) -> None:
    single.configure(BUDGET, cnn={})
    single.write(
        "conftest.py",
        CONFTEST
        + """
from dataclasses import replace
from pytest_paoding.plugin.distribution.carried import Carried

def damaged(parcel):
    return replace(parcel, files={**parcel.files, "DAMAGED": parcel.files["DAMAGED"][:-1]})

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if carried := Carried.from_report(report):
        parcels = {name: damaged(parcel) for name, parcel in carried.parcels.items()}
        replace(carried, parcels=parcels).onto(report)
    return report
""".replace("DAMAGED", damaged),
    )
    formats = "--paoding-formats=onnx"
    ran = single.gate(*remote(single, f"--tx=popen//chdir={elsewhere}"), formats)
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["cnn.keras was damaged on its way from worker gw0"])
    assert single.published == []
    assert single.document["session"]["faults"]


@pytest.fixture
def server(elsewhere: Path) -> Iterator[int]:
    """A socket server of execnet, which knows nothing of the project."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "execnet.script.socketserver", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        command, cwd=elsewhere, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port
    process.kill()
    process.wait()


def test_workers_behind_a_socket(single: Project, server: int, elsewhere: Path) -> None:
    single.configure(BUDGET, cnn={}, mlp={"accuracy": [0.9, 0.5]})
    spec = f"--tx=socket=127.0.0.1:{server}//chdir={elsewhere}"
    # In a process of its own, because execnet never closes its socket.
    both = ("--paoding", "--paoding-json=run.json")
    run = single.pytester.runpytest_subprocess
    assert run(*single.plugins, *both, *remote(single, spec)).ret == 1
    outcomes = {name: gate["outcome"] for name, gate in single.gates.items()}
    assert outcomes == {"cnn": "within-budget", "mlp": "over-budget"}
    assert single.published == ["cnn.json", "cnn.keras"]


ISOLATED = """#!/bin/sh
exec unshare --net --mount --map-root-user sh -c '
mount -t tmpfs none "$0" && exec "$@"' '{hidden}' '{python}' "$@"
"""


def test_a_worker_that_shares_neither_network_nor_disk(single: Project, elsewhere: Path) -> None:
    """In namespaces of its own, where nothing is in the place of the project."""
    python = elsewhere / "isolated-python"
    python.write_text(ISOLATED.format(hidden=single.path, python=sys.executable))
    python.chmod(0o755)
    check = f"import os; assert not os.listdir({str(single.path)!r})"
    tried = subprocess.run([python, "-c", check], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"namespaces are not allowed here: {tried.stderr.strip()}")
    single.configure(BUDGET, cnn={}, mlp={"accuracy": [0.9, 0.5]})
    ran = single.gate(*remote(single, f"--tx=popen//python={python}//chdir={elsewhere}"))
    assert ran.ret == 1
    outcomes = {name: gate["outcome"] for name, gate in single.gates.items()}
    assert outcomes == {"cnn": "within-budget", "mlp": "over-budget"}
    assert single.published == ["cnn.json", "cnn.keras"]
