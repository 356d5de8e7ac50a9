"""Which commit a result belongs to."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 10.0
_BRANCHES = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")
"""Variables of GitHub Actions and GitLab CI, which check out a commit, not a branch."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, whether tracked files differed from it, and its branch; None where unknown."""

    commit: str | None = None
    dirty: bool | None = None
    branch: str | None = None


def read_revision(folder: Path) -> Revision:
    """Return the revision `folder` is checked out at; unknown outside Git or without it."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Revision()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Revision(commit, None if status is None else bool(status), _branch(folder))


def _branch(folder: Path) -> str | None:
    """Return the branch that is checked out, or that a CI service says its commit is of."""
    told = filter(None, (os.environ.get(name) for name in _BRANCHES))
    return _git(folder, "symbolic-ref", "--short", "--quiet", "HEAD") or next(told, None)


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - constant arguments
            ["git", *arguments],  # noqa: S607 - Git is found on the path by design
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
