"""What a run leaves behind: the files of gates that passed, and their findings as baseline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ArtifactError, ConfigError, cannot_write
from pytest_paoding.gate.artifacts import ManifestError, discard
from pytest_paoding.gate.files.whole_files import write_whole
from pytest_paoding.gate.keeping.trust import in_ci
from pytest_paoding.gate.provenance.companions import Companions
from pytest_paoding.plugin.run import Findings, PaodingRun
from pytest_paoding.records.baseline import updated
from pytest_paoding.records.budgets import PUBLISHED, Outcome
from pytest_paoding.records.text.jsonable import portable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_paoding.gate.artifacts import Staged
    from pytest_paoding.records.baseline import Baseline
    from pytest_paoding.records.results import GateResult


def publish(
    hook: Any, config: pytest.Config, result: GateResult, staged: Staged, root: Path
) -> tuple[GateResult, str | None]:
    """Publish a gate's file by the hook, whose default moves it to its target.

    Returns:
        The gate's record after that, and what went wrong.
    """
    call = hook.pytest_paoding_publish
    run = PaodingRun.of(config)
    try:
        Companions.of(run.settings.shared, run.file.root).stage(staged)
        path = call(config=config, result=result, staged=staged.model, target=staged.target)
    except ManifestError as error:
        return result.published_at(portable(staged.target, root)), str(error)
    except ArtifactError as error:
        return result.unpublished(str(error)), str(error)
    finally:
        discard(staged.folder)
    return result.published_at(portable(Path(path), root)), None


def publish_waiting(run: PaodingRun, *, passed: bool, complete: bool) -> Iterator[Findings]:
    """Publish what waited and may be published; the sweep of staging removes the rest.

    Args:
        run: The run.
        passed: Whether the session passed.
        complete: Whether the session was not interrupted.
    """
    waiting = run.waiting
    reason: str | None
    for result, staged in waiting:
        if run.settings.shared["publish"].value == "session" and not passed:
            reason = "the session did not pass"
        elif not complete and result.sweep is not None:
            reason = "the session was interrupted"
        else:
            reason = _better(result, [each for each, _ in waiting])
        if reason is not None:
            yield Findings(settled=(result.unpublished(reason),))
        else:
            done, fault = publish(run.config.hook, run.config, result, staged, run.file.root)
            yield Findings(settled=(done,), faults=() if fault is None else (fault,))


def _better(result: GateResult, others: list[GateResult]) -> str | None:
    """Return which other ratio of the same sweep is published in a gate's place."""
    rivals = [each for each in others if each.sweep is not None and each.sweep == result.sweep]
    best = min(rivals, key=_bytes, default=result)
    return None if best is result else f"{best.name} passed and is smaller"


def _bytes(result: GateResult) -> tuple[int, str]:
    return (0 if result.artifact is None else result.artifact.bytes), result.name


def renew_baseline(run: PaodingRun, *, full: bool) -> Findings:
    """Write the baseline if the command line asks for it.

    Args:
        run: The run.
        full: Whether the run covered the whole project, so that entries without gates are stale.
    """
    if run.baseline is None:
        return Findings()
    mode = run.config.option.paoding_update_baseline
    names = {result.name for result in run.results}
    stale = [name for name in run.baseline.entries if full and name not in names]
    told = tuple(f"baseline entry {name} is stale: no gate has it" for name in stale)
    if mode is None:
        return Findings(written=told)
    from pytest_paoding.config.documents.read_documents import read_baseline  # noqa: PLC0415 - needs Pydantic

    try:  # anew, it may have changed
        present = read_baseline(run.baseline.path, label=run.baseline.label)
    except ConfigError as error:
        return Findings(faults=(f"cannot write the baseline: {error}",))
    ran = [result for result in run.results if result.outcome is not Outcome.SKIPPED]
    unfit = {result.name: reason for result in ran if (reason := _unfit(run, result))}
    update = updated(present, ran, everything=mode == "all", unfit=unfit, stale=stale)
    found = Findings(changed=tuple(f"baseline {present.label}: {each}" for each in update.lines))
    if not update.changes(present):
        found += Findings(written=(f"baseline {present.label}: is up to date",))
    elif fault := _write(update.baseline):
        return found + Findings(faults=(fault,))
    return found + Findings(written=() if mode == "all" else told)


def _unfit(run: PaodingRun, result: GateResult) -> str | None:
    """Return why a gate is not to be written."""
    if result.outcome not in PUBLISHED:
        return result.word
    return None if run.tests[result.nodeid].passed else "its test did not pass"


def _write(baseline: Baseline) -> str | None:
    try:
        write_whole(baseline.path, baseline.to_text())
    except OSError as error:
        return cannot_write(baseline.label, error)
    if in_ci(os.environ):
        return f"{baseline.label} was written in CI: it counts once it is committed"
    return None
