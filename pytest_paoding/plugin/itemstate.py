"""What one attempt at one test item has come to so far, and what follows when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.errors import ArtifactError
from pytest_paoding.gate.artifacts import ManifestError, Staged, discard
from pytest_paoding.gate.stages import GateRun
from pytest_paoding.plugin.workers import packed
from pytest_paoding.records.text.jsonable import portable

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult


@dataclass(slots=True)
class ItemState:
    """Kept in an item's stash; made anew for every attempt.

    Attributes:
        attempt: Which run of the item this is, from 1.
        runs: Of its gates, in order, with the files that may still be published.
        failure: The exception a failing gate raised.
        passed: Whether every phase so far passed.
    """

    attempt: int = 1
    runs: list[GateRun] = field(default_factory=list)
    failure: BaseException | None = None
    passed: bool = True

    @property
    def results(self) -> list[GateResult]:
        """What the gates found so far."""
        return [run.result for run in self.runs]

    def give_up(self, reason: str) -> None:
        """Remove all files that are still staged."""
        for place, run in enumerate(self.runs):
            if run.staged is not None:
                discard(run.staged.folder)
                self.runs[place] = GateRun(run.result.unpublished(reason))


STATE = pytest.StashKey[ItemState]()


def publish(
    hook: Any, config: pytest.Config, result: GateResult, staged: Staged, root: Path
) -> tuple[GateResult, str | None]:
    """Publish a gate's file by the hook, whose default moves it to its target.

    Returns:
        The gate's record after that, and what went wrong.
    """
    call = hook.pytest_paoding_publish
    try:
        path = call(config=config, result=result, staged=staged.model, target=staged.target)
    except ManifestError as error:
        return result.published_at(portable(staged.target, root)), str(error)
    except ArtifactError as error:
        return result.unpublished(str(error)), str(error)
    finally:
        discard(staged.folder)
    return result.published_at(portable(Path(path), root)), None


@dataclass(slots=True)
class Settlement:
    """What became of an item's files.

    Attributes:
        waiting: Folder, target and further formats, by gate name, of those that wait for the end of
            the session: all if they are published then, and those of sweeps, of which only one is.
        files: What travels to the controller, by gate name.
        faults: What went wrong.
    """

    waiting: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def settle(
    item: pytest.Item, state: ItemState, *, publish_now: bool, travels: bool, root: Path
) -> Settlement:
    """Publish, send or give up what an item has staged, once its teardown is over."""
    settled = Settlement()
    if not state.passed:
        state.give_up("the test did not pass")
    for place, run in enumerate(state.runs):
        if run.staged is None:
            continue
        if travels:
            result = run.result
            settled.files[result.name] = packed(run.staged)
            discard(run.staged.folder)
        elif publish_now and run.result.sweep is None:
            result, fault = publish(item.ihook, item.config, run.result, run.staged, root)
            settled.faults += [fault] if fault else []
        else:
            result = run.result
            paths = str(run.staged.folder), str(run.staged.target)
            settled.waiting[result.name] = (*paths, *run.staged.exported)
        state.runs[place] = GateRun(result)
    return settled
