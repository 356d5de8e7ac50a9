"""The earlier run that reports compare this one with: a report, or the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.records.runs.changes import Earlier, RunChanges, changes
from pytest_paoding.records.text.jsonable import portable

if TYPE_CHECKING:
    from pytest_paoding.plugin.run import PaodingRun

_EARLIER = pytest.StashKey[Earlier]()


def read_earlier(run: PaodingRun) -> None:
    """Read the earlier run at the start: its file may be the one that this run writes.

    Raises:
        ConfigError: The file that is asked for is neither a report nor a baseline.
    """
    from pytest_paoding.config.documents.earlier import entries  # noqa: PLC0415 - needs Pydantic

    option = run.config.option
    if not run.switch.on or run.sharing.worker is not None or option.help or option.version:
        return
    if option.paoding_compare is not None:
        here = run.config.invocation_params.dir
        path = here / Path(option.paoding_compare).expanduser()
        run.config.stash[_EARLIER] = Earlier(portable(path, here), entries(path))
    elif run.baseline is not None and run.baseline.entries:
        run.config.stash[_EARLIER] = Earlier(run.baseline.label, run.baseline.entries)


def changes_of(run: PaodingRun) -> RunChanges | None:
    """Return what has changed since the earlier run; None where there is none at hand."""
    earlier = run.config.stash.get(_EARLIER, None)
    return None if earlier is None else changes(earlier, run.results)
