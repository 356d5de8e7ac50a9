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
    commit = around.get("commit")
    changed = " with changes" if around.get("dirty") else ""
    found = {
        "time": record.created.replace("T", " ").replace("+00:00", " UTC"),
        "commit": commit and f"{commit[:_SHORT]}{changed}",
        "branch": around.get("branch"),
        "command": around.get("command"),
    }
    return {name: str(text) for name, text in found.items() if text}
