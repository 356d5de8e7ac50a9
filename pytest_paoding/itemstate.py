"""What one attempt at one test item has come to so far, and what follows when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.artifacts import ManifestError, Staged, discard
from pytest_paoding.errors import ArtifactError
from pytest_paoding.plain import portable

if TYPE_CHECKING:
    from pytest_paoding.gate import GateRun
    from pytest_paoding.results import GateResult


@dataclass(slots=True)
class ItemState:
    """Kept in an item's stash; made anew for every attempt.

    Attributes:
        attempt: Which run of the item this is, from 1.
        results: Of the gates it ran, in order.
        staged: Files that may be published when it ends, by gate name.
        failure: The exception a failing gate raised.
        passed: Whether every phase so far passed.
    """

    attempt: int = 1
    results: list[GateResult] = field(default_factory=list)
    staged: dict[str, Staged] = field(default_factory=dict)
    failure: BaseException | None = None
    passed: bool = True

    def add(self, run: GateRun) -> None:
        """Keep what a gate found."""
        self.results.append(run.result)
        if run.staged is not None:
            self.staged[run.result.name] = run.staged

    def discard(self) -> None:
        """Remove all staged files."""
        for staged in self.staged.values():
            discard(staged.folder)
        self.staged.clear()

    def replace(self, result: GateResult) -> None:
        """Put a newer record in the place of the one of the same gate."""
        self.results = [result if old.name == result.name else old for old in self.results]


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
        waiting: Folder and target, by gate name, of those that wait for the end of the session.
        faults: What went wrong.
    """

    waiting: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def settle(item: pytest.Item, state: ItemState, *, publish_now: bool, root: Path) -> Settlement:
    """Publish or give up what an item has staged, once its teardown is over."""
    settled = Settlement()
    while state.staged:
        name, staged = state.staged.popitem()
        result = next(result for result in state.results if result.name == name)
        if not state.passed:
            discard(staged.folder)
            state.replace(result.unpublished("the test did not pass"))
        elif publish_now:
            state.replace(result.unpublished("publishing it failed"))
            done, fault = publish(item.ihook, item.config, result, staged, root)
            state.replace(done)
            settled.faults += [fault] if fault else []
        else:
            settled.waiting[name] = (str(staged.folder), str(staged.target))
    return settled
