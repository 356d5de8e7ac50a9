"""One attempt at one test item: what its gates have found, and what becomes of their files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.gate.artifacts import Staged, discard
from pytest_paoding.gate.stages import GateOutcome
from pytest_paoding.plugin.distribution.carried import Parcel
from pytest_paoding.plugin.publishing import publish

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.records.results import GateResult


@dataclass(slots=True)
class Settlement:
    """What became of an item's files.

    Attributes:
        waiting: Files that wait for the end of the session, by gate name: all if they are published
            then, and those of sweeps, of which only one is.
        parcels: Files that travel to the controller, by gate name.
        faults: What went wrong, one line each.
    """

    waiting: dict[str, Staged] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ItemAttempt:
    """Kept in an item's stash.

    Attributes:
        number: Which run of the item this is, from 1.
        gates: Outcomes of its gates, in order.
        failure: The exception a failing gate raised.
        passed: Whether every phase so far passed.
    """

    number: int = 1
    gates: list[GateOutcome] = field(default_factory=list)
    failure: BaseException | None = None
    passed: bool = True

    @property
    def results(self) -> list[GateResult]:
        """Records of the gates so far."""
        return [gate.result for gate in self.gates]

    def give_up(self, reason: str) -> None:
        """Remove all files that are still staged."""
        for place, gate in enumerate(self.gates):
            if gate.staged is not None:
                discard(gate.staged.folder)
                self.gates[place] = GateOutcome(gate.result.unpublished(reason))

    def settle(
        self, item: pytest.Item, *, publish_now: bool, travels: bool, root: Path
    ) -> Settlement:
        """Publish, send or give up what is staged, once the item's teardown is over."""
        settled = Settlement()
        if not self.passed:
            self.give_up("the test did not pass")
        for place, gate in enumerate(self.gates):
            result, staged = gate.result, gate.staged
            if staged is None:
                continue
            if travels:
                settled.parcels[result.name] = Parcel.of(staged)
                discard(staged.folder)
            elif publish_now and result.sweep is None:
                result, fault = publish(item.ihook, item.config, result, staged, root)
                settled.faults += [fault] if fault else []
            else:
                settled.waiting[result.name] = staged
            self.gates[place] = GateOutcome(result)
        return settled


ATTEMPT = pytest.StashKey[ItemAttempt]()
