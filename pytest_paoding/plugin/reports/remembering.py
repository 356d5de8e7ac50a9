"""The history of a run: read and kept once at its end, by the process that outlives the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.plugin.run import Findings
from pytest_paoding.records.text.jsonable import portable

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.plugin.run import PaodingRun
    from pytest_paoding.records.runs.history import Trends
    from pytest_paoding.records.runs.run_record import RunRecord

_TRENDS = pytest.StashKey["Trends"]()


def check_history(run: PaodingRun) -> None:
    """Refuse at the start a folder that is none.

    Raises:
        ConfigError: Something else stands there.
    """
    option = run.config.option
    if not run.switch.on or run.sharing.worker is not None or option.help or option.version:
        return
    if (path := run.settings.history) is not None:
        from pytest_paoding.gate.history_folder import require_folder  # noqa: PLC0415 - needs Pydantic

        require_folder(path)


def remember(run: PaodingRun, path: Path, record: RunRecord) -> Findings:
    """Keep a run in its history, and what has become of its gates for the reports."""
    from pytest_paoding.gate.history_folder import HistoryFolder  # noqa: PLC0415 - needs Pydantic

    folder = HistoryFolder(path, portable(path, run.file.root))
    run.config.stash[_TRENDS], lines = folder.remember(record)
    return Findings(changed=tuple(lines))


def trends_of(run: PaodingRun) -> Trends:
    """Return what has become of the gates over the last runs; empty where nobody knows."""
    return run.config.stash.get(_TRENDS, {})
