from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.records.runs import revision
from pytest_paoding.records.runs.revision import Revision, read_revision

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.org")


def test_outside_of_git_it_is_unknown(tmp_path: Path) -> None:
    assert read_revision(tmp_path) == Revision(None, None)


def test_without_git_it_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_revision(tmp_path) == Revision(None, None)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_commit_and_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        command = ["git", *IDENTITY, *arguments]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=topic")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "--message", "first")
    (tmp_path / "untracked").touch()
    commit = git("rev-parse", "HEAD")
    assert read_revision(tmp_path) == Revision(commit, dirty=False, branch="topic")
    (tmp_path / "a").write_text("2")
    assert read_revision(tmp_path) == Revision(commit, dirty=True, branch="topic")
    real = revision._git
    monkeypatch.setattr(
        revision, "_git", lambda folder, *what: None if "status" in what else real(folder, *what)
    )
    assert read_revision(tmp_path) == Revision(commit, None, "topic")
    git("checkout", "--quiet", "--detach")  # as CI services do
    for name in revision._BRANCHES:
        monkeypatch.delenv(name, raising=False)
    assert read_revision(tmp_path).branch is None
    for name in reversed(revision._BRANCHES):
        monkeypatch.setenv(name, f"branch of {name}")
        assert read_revision(tmp_path).branch == f"branch of {name}"
