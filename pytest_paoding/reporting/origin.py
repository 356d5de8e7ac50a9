"""Where and when a run was made, for the heads of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.records.runs.run_record import RunRecord

ORIGIN = ("commit", "dirty", "branch", "command")
"""What the environment of a run says of it."""
_SHORT = 12
"""Characters of a commit that are shown."""


def origin(record: RunRecord) -> dict[str, str]:
    """Return time, commit, branch and command line, as far as they are known, by name."""
    around = record.environment
    found = {
        "time": time_of(record.created),
        "commit": commit_of(around.get("commit"), dirty=around.get("dirty")),
        "branch": around.get("branch"),
        "command": around.get("command"),
    }
    return {name: str(text) for name, text in found.items() if text}


def time_of(created: str) -> str:
    """Return a time for people, which ISO 8601 has given.

    >>> time_of("2026-11-30T13:23:14+00:00")
    '2026-11-30 13:23:14 UTC'
    """
    return created.replace("T", " ").replace("+00:00", " UTC")


def commit_of(commit: str | None, *, dirty: bool | None) -> str | None:
    """Return a commit for people, and whether something was changed since; None where unknown."""
    changed = " with changes" if dirty else ""
    return commit and f"{commit[:_SHORT]}{changed}"
