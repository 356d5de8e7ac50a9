"""Folders of one process: gone with it, or with the next one if it was killed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import pytest_paoding
from pytest_paoding.records.files import leftovers
from pytest_paoding.records.files.leftovers import half_made, open_own_folder, own_folder

PREFIX = "paoding-test-"
OPENED = f"""
import sys, time
from pytest_paoding.records.files.leftovers import open_own_folder
(open_own_folder({PREFIX!r}) / "model.keras").write_text("large")
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files be in a folder of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_a_folder_is_removed_with_all_that_is_in_it(temporary: Path) -> None:
    with own_folder(PREFIX) as folder:
        (folder / "inner").mkdir()
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="age decides there")
def test_what_a_killed_process_leaves_the_next_one_removes(temporary: Path) -> None:
    command = [sys.executable, "-c", OPENED]
    other = subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert other.stdout is not None
    assert other.stdout.readline().strip() == b"ready"
    (left,) = temporary.iterdir()
    with own_folder(PREFIX):
        assert left.exists()  # another process works there
    other.kill()
    other.communicate()
    assert left.exists()
    with own_folder(PREFIX) as folder:
        assert list(temporary.iterdir()) == [folder]


def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.skipif(sys.platform == "win32", reason="age decides there")
def test_nothing_behind_a_link_is_removed(temporary: Path, tmp_path: Path) -> None:
    """Anybody may put links there that look like what a killed process has left."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("")
    planted = temporary / f"{half_made(PREFIX, dead())}planted"
    planted.symlink_to(precious)
    inside = temporary / f"{half_made(PREFIX, dead())}inside"
    inside.mkdir()
    (inside / "link").symlink_to(precious)
    (inside / "file").symlink_to(precious / "file")
    with own_folder(PREFIX) as folder:
        assert list(temporary.iterdir()) == [folder]
    assert [each.name for each in precious.iterdir()] == ["file"]


@pytest.mark.skipif(not leftovers._NUMBERING.is_symlink(), reason="there are no containers")
def test_the_processes_of_another_container_are_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = dead()
    (tmp_path / "pid").symlink_to("pid:[1]")
    with monkeypatch.context() as there:
        there.setattr(leftovers, "_NUMBERING", tmp_path / "pid")
        leftovers._host.cache_clear()
        theirs = open_own_folder(PREFIX, owner=number)
    leftovers._host.cache_clear()
    ours = open_own_folder(PREFIX, owner=number)
    with own_folder(PREFIX):
        assert theirs.exists()
        assert not ours.exists()


def test_every_temporary_folder_tells_whose_it_is() -> None:
    root = Path(pytest_paoding.__file__).parent
    pattern = re.compile(r"\b(mkdtemp|TemporaryDirectory|NamedTemporaryFile|mkstemp)\b")
    found = [path for path in root.rglob("*.py") if pattern.search(path.read_text("utf-8"))]
    inner = root / "plugin" / "workplace.py"  # in the folder that a child process has
    assert sorted(found) == sorted([inner, root / "records" / "files" / "leftovers.py"])
