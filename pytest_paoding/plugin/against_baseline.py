"""What the gates of a run are compared with, and what becomes of the baseline at its end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.artifacts import write_whole
from pytest_paoding.gate.regression import regressions
from pytest_paoding.records.baseline import UPDATE, Baseline, Entry, updated
from pytest_paoding.records.budgets import PUBLISHED, Outcome
from pytest_paoding.records.metrics import REGRESSIONS
from pytest_paoding.reporting.wording import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.config.settings import GateSettings
    from pytest_paoding.plugin.run import PaodingSession
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.results import GateResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one gate is compared with.

    Attributes:
        entry: The baseline's entry for it.
        missing: Why there is none, and what to do about it.
        renewed: Whether the gate's own findings become the entry, and so are what it is held to.
        limited: Names of the metrics that a limit asks for.
    """

    entry: Entry | None
    missing: str
    renewed: bool
    limited: frozenset[str]

    def __call__(self, metrics: Mapping[str, Measurement]) -> dict[str, Measurement]:
        """Return the regressions that are limited or can be told."""
        new = Entry.of_metrics(metrics)
        found = regressions(new if self.renewed else self.entry, new, missing=self.missing)
        return {
            name: measured
            for name, measured in found.items()
            if name in self.limited or measured.found is not None
        }


def comparison(run: PaodingSession, name: str, settings: GateSettings) -> Comparison:
    """Return what the gate of a name is compared with."""
    known = {metric.name for metric in REGRESSIONS.values()}
    limited = {limit.metric.name for limit in settings.limits} & known
    if run.baseline is None:
        missing = "there is no baseline: set baseline in [tool.paoding]"
        return Comparison(None, missing, renewed=False, limited=frozenset(limited))
    entry, mode = run.baseline.entries.get(name), run.config.option.paoding_update_baseline
    return Comparison(
        entry=entry,
        missing=f"{run.baseline.label} has no entry {name}: write it with {UPDATE}",
        renewed=mode == "all" or (mode == "new" and entry is None),
        limited=frozenset(limited),
    )


def stale(run: PaodingSession) -> list[str]:
    """Return the names of the baseline's entries that no gate of this run has."""
    if run.baseline is None:
        return []
    names = {result.name for result in run.all_results}
    return [name for name in run.baseline.entries if name not in names]


def renew(run: PaodingSession, *, full: bool) -> list[str]:
    """Write the baseline as the command line asks for; return what went wrong.

    Args:
        run: The run; lines on what changed are added to it.
        full: Whether the run covered the whole project, so that entries without gates are stale.
    """
    mode = run.config.option.paoding_update_baseline
    if mode is None or run.baseline is None:
        return []
    try:  # anew, it may have changed
        present = Baseline.read(run.baseline.path, label=run.baseline.label)
    except ConfigError as error:
        return [f"cannot write the baseline: {error}"]
    ran = [result for result in run.all_results if result.outcome is not Outcome.SKIPPED]
    update = updated(
        present,
        ran,
        everything=mode == "all",
        unfit={r.name: reason for r in ran if (reason := _unfit(run, r))},
        stale=stale(run) if full else (),
    )
    run.changed += [f"baseline {present.label}: {line}" for line in update.lines]
    if not update.changes(present):
        run.written.append(f"baseline {present.label}: is up to date")
        return []
    return _write(update.baseline)


def _unfit(run: PaodingSession, result: GateResult) -> str | None:
    if result.outcome not in PUBLISHED:
        return WORDS[result.outcome]
    return None if result.nodeid in run.passed else "its test did not pass"


def _write(baseline: Baseline) -> list[str]:
    try:
        write_whole(baseline.path, baseline.to_text())
    except OSError as error:
        return [f"cannot write {baseline.label}: {error.strerror or error}"]
    if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
        return [f"{baseline.label} was written in CI: it counts once it is committed"]
    return []
