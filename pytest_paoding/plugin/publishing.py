"""Publication at the end of the session: what waited for all tests, and the best of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.plugin.itemstate import publish

if TYPE_CHECKING:
    from pytest_paoding.plugin.run import PaodingSession
    from pytest_paoding.records.results import GateResult

_Key = tuple[str, str]


def publish_waiting(run: PaodingSession, session: pytest.Session, *, complete: bool) -> None:
    """Publish what waited and may be published; the sweep of staging removes the rest.

    Args:
        run: The run; its records are replaced by what became of them.
        session: Fails where a file cannot be published.
        complete: Whether the session was not interrupted.
    """
    waiting = {key: _result(run, key) for key in run.waiting}
    passed = session.exitstatus == pytest.ExitCode.OK
    for key, result in waiting.items():
        reason = _reason(run, result, list(waiting.values()), passed=passed, complete=complete)
        done, fault = result.unpublished(reason or ""), None
        if reason is None:
            staged, root = run.waiting[key], run.file.root
            done, fault = publish(run.config.hook, run.config, result, staged, root)
        if fault is not None:
            run.faults.append(fault)
        nodeid, _ = key
        run.results[nodeid] = [done if each is result else each for each in run.results[nodeid]]
        run.announce(done)
    if run.faults:
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)


def _result(run: PaodingSession, key: _Key) -> GateResult:
    nodeid, name = key
    (found,) = (each for each in run.results[nodeid] if each.name == name and each.artifact)
    return found


def _reason(
    run: PaodingSession,
    result: GateResult,
    others: list[GateResult],
    *,
    passed: bool,
    complete: bool,
) -> str | None:
    """Return why a file is not to be published."""
    if run.settings.shared["publish"].value == "session" and not passed:
        return "the session did not pass"
    if not complete and result.sweep is not None:
        return "the session was interrupted"
    rivals = [each for each in others if each.sweep is not None and each.sweep == result.sweep]
    best = min(rivals, key=_bytes, default=result)
    return None if best is result else f"{best.name} passed and is smaller"


def _bytes(result: GateResult) -> tuple[int, str]:
    return (0 if result.artifact is None else result.artifact.bytes), result.name
