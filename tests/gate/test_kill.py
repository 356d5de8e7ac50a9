"""A kill at any instant of whatever is written loses nothing and leaves nothing half written."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    pytest.skip("Windows has no SIGKILL", allow_module_level=True)

from support.killed_work import KINDS, newest

FEW, MANY = 25, 250
"""Kills of each kind of writing: a hundred in CI, a thousand in the night."""
LEFT = {
    "publish": ["net.json", "net.keras"],
    "keep": ["store"],
    "accept": ["baseline.json"],
    "report": ["report.json"],
}


class Killed:
    """Work that is done in forks of another process, and killed there."""

    def __init__(self, process: subprocess.Popen[str], kind: str) -> None:
        self._process = process
        self._kind = kind

    def run(self, number: int, seconds: float) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self._kind} {number} {seconds}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def working(folder: Path, kind: str) -> Iterator[Killed]:
    process = subprocess.Popen(
        [sys.executable, "-m", "support.killed_work", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(Path(__file__).parents[1]), *sys.path)),
        },
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Killed(process, kind)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_loses_nothing_and_the_next_run_is_clean(tmp_path: Path, kind: str) -> None:
    killed_again_and_again(tmp_path, kind, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_kills_lose_nothing(tmp_path: Path, kind: str) -> None:
    killed_again_and_again(tmp_path, kind, MANY)


def killed_again_and_again(folder: Path, kind: str, kills: int) -> None:
    instants = random.Random(kind)
    with working(folder, kind) as work:
        began = time.perf_counter()
        assert work.run(1, 60.0) == "done"
        longest = 1.5 * (time.perf_counter() - began)
        present, killed, written = newest(folder, kind), 0, 0
        for number in range(2, kills + 2):
            before = manifest(folder)
            killed += work.run(number, instants.uniform(0, longest)) == "killed"
            found = newest(folder, kind)
            assert found == present or found in following(kind, present, number)
            assert kind != "publish" or belongs(folder) or manifest(folder) == before
            replaced = found != present
            # Whatever the machine's pace, some kills shall come before and some after the writing.
            longest *= 0.8 if replaced else 1.25
            present, written = found, written + replaced
        assert kills / 5 <= written <= kills * 4 / 5
        assert killed >= kills / 5
        assert work.run(kills + 2, 60.0) == "done"
        assert newest(folder, kind) in following(kind, present, kills + 2)
    assert sorted(path.name for path in folder.iterdir()) == LEFT[kind]
    if kind == "keep":
        assert not [path for path in (folder / "store").iterdir() if path.name[0] == "."]


def following(kind: str, present: int, number: int) -> tuple[int, ...]:
    """Return what may be there after more work: its number, or one or two entries more."""
    return (present + 1, present + 2) if kind == "keep" else (number,)


def manifest(folder: Path) -> str:
    path = folder / "net.json"
    return path.read_text() if path.exists() else ""


def belongs(folder: Path) -> bool:
    """Whether the manifest is that of the model beside it."""
    sha256 = hashlib.sha256((folder / "net.keras").read_bytes()).hexdigest()
    return json.loads(manifest(folder))["file"]["sha256"] == sha256
