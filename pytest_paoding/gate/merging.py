"""The shards of a CI matrix as one run, under the rules that one run has."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.runs.changes import RunChanges
from pytest_paoding.records.runs.run_record import RunRecord, clashes, required_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_paoding.records.results import GateResult

_PASSED, _FAILED, _EMPTY = 0, 1, 5
"""Exit codes of pytest."""


def merged(shards: Mapping[str, RunRecord]) -> RunRecord:
    """Return the run that shards add up to.

    A gate has run if it ran in one of them, so whether a required gate or an entry of the baseline
    is missing is decided again for all of them together.

    Args:
        shards: Runs by their names in messages.
    """
    runs = list(shards.values())
    results = sorted(_chosen(runs), key=lambda result: (result.name, result.nodeid))
    required = list(dict.fromkeys(name for run in runs for name in run.required))
    faults = [
        *(line for run in runs for line in run.faults),
        *clashes(results),
        *_overlaps(shards),
        *_other_commits(shards),
    ]
    baseline = dict.fromkeys(name for run in runs for name in run.baseline or ())
    missing = required_missing(required, results)
    roots = {run.root for run in runs}
    return RunRecord(
        exit=_exit(runs, demands=bool(faults or missing or any(r.failed for r in results))),
        complete=all(run.complete for run in runs),
        results=results,
        required=required,
        failed=sum(run.failed for run in runs),
        baseline=list(baseline) or None,
        faults=list(dict.fromkeys(faults)),
        root=roots.pop() if len(roots) == 1 else ".",
        workers=sum(run.workers for run in runs),
        environment=ChainMap(*(dict(run.environment) for run in runs)),
        changes=_changes([run.changes for run in runs if run.changes is not None]),
    )


def _changes(found: Sequence[RunChanges]) -> RunChanges | None:
    """Return the changes of all shards, if they were compared with one earlier run."""
    if len({each.since for each in found}) != 1:
        return None
    gates = {name: each for changes in found for name, each in changes.gates.items()}
    new = dict.fromkeys(name for changes in found for name in changes.new)
    gone = [name for name in found[0].gone if all(name in changes.gone for changes in found)]
    return RunChanges(found[0].since, gates, tuple(new), tuple(gone))


def _chosen(runs: Sequence[RunRecord]) -> list[GateResult]:
    """Return the record of every gate, that of a shard that ran it where others skipped it."""
    found: dict[tuple[str, str], GateResult] = {}
    for result in (result for run in runs for result in run.results):
        key = result.name, result.nodeid
        if key not in found or found[key].outcome is Outcome.SKIPPED:
            found[key] = result
    return list(found.values())


def _overlaps(shards: Mapping[str, RunRecord]) -> Iterator[str]:
    """Yield a line for every gate that several shards ran, as only one record could count."""
    users: dict[tuple[str, str], list[str]] = {}
    for label, run in shards.items():
        for result in run.results:
            if result.outcome is not Outcome.SKIPPED:
                users.setdefault((result.name, result.nodeid), []).append(label)
    for (name, _), labels in users.items():
        if len(labels) > 1:
            yield f"gate {name} ran in several shards: {', '.join(labels)}"


def _other_commits(shards: Mapping[str, RunRecord]) -> Iterator[str]:
    commits = {label: run.environment.get("commit") for label, run in shards.items()}
    known = {label: commit for label, commit in commits.items() if commit is not None}
    if len(set(known.values())) > 1:
        told = ", ".join(f"{label} of {commit[:12]}" for label, commit in known.items())
        yield f"shards are of different commits: {told}"


def _exit(runs: Sequence[RunRecord], *, demands: bool) -> int:
    """Return the exit status one run would have had."""
    broken = [run.exit for run in runs if run.exit not in {_PASSED, _FAILED, _EMPTY}]
    if broken:
        return max(broken)
    # A shard without failed tests that lacks required gates failed for those that ran elsewhere.
    failed = [run for run in runs if run.exit == _FAILED]
    if demands or any(run.failed or not run.required_missing for run in failed):
        return _FAILED
    return _EMPTY if all(run.exit == _EMPTY for run in runs) else _PASSED
