"""The end of a run: demands on the whole session, late publication, documents and summary."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.artifacts import to_json, write_whole
from pytest_paoding.budgets import Outcome
from pytest_paoding.itemstate import publish
from pytest_paoding.reporting.documents import Run, document, markdown
from pytest_paoding.selection import partial_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.results import GateResult
    from pytest_paoding.session import PaodingSession

_ENDED = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
_JUDGED = {Outcome.WITHIN_BUDGET, Outcome.OVER_BUDGET, Outcome.FORCED}


def enforce(run: PaodingSession, session: pytest.Session) -> None:
    """Fail the session if a required gate did not run or two gates share a name.

    Raises:
        pytest.UsageError: Workers met usage errors, which only this process can raise.
    """
    if run.usage:
        raise pytest.UsageError(*dict.fromkeys(run.usage))
    if not run.switch.on or run.worker is not None or run.inert:
        return
    clashes = list(_clashes(run.all_results))
    missing = _required_missing(run)
    partial = partial_reason(run.config)
    excused = partial is not None and not run.settings.strict
    why = f", not enforced in a partial run ({partial})" if excused else ""
    run.faults += [*clashes, *(f"required gate {name} did not run{why}" for name in missing)]
    session.testsfailed += len(clashes) + (0 if excused else len(missing))


def _required_missing(run: PaodingSession) -> list[str]:
    ran = {result.name for result in run.all_results if result.outcome is not Outcome.SKIPPED}
    return [name for name in run.settings.table.require if name not in ran]


def _clashes(results: list[GateResult]) -> Iterator[str]:
    """Yield a line for every name that gates of different tests were judged under."""
    users: dict[str, set[str]] = {}
    for result in results:
        if result.outcome in _JUDGED:
            users.setdefault(result.name.casefold(), set()).add(result.nodeid)
    for name, nodeids in users.items():
        if len(nodeids) > 1:
            tests = ", ".join(sorted(nodeids))
            yield f"gate {name} was judged by several tests, give each a name of its own: {tests}"


def finish(run: PaodingSession, session: pytest.Session) -> None:
    """Publish what waited for the whole session, clean up, and write the documents."""
    if run.worker is not None or run.inert:
        return
    if run.switch.on:
        _publish_waiting(run, session)
        run.sweep()
    _write_documents(run, session)


def _publish_waiting(run: PaodingSession, session: pytest.Session) -> None:
    """Publish the files that waited if everything passed; the sweep removes the others."""
    passed = session.exitstatus == pytest.ExitCode.OK
    for (nodeid, name), staged in run.waiting.items():
        results = run.results[nodeid]
        (result,) = (found for found in results if found.name == name and found.artifact)
        if passed:
            done, fault = publish(run.config.hook, run.config, result, staged, run.file.root)
        else:
            done, fault = result.unpublished("the session did not pass"), None
        if fault is not None:
            run.faults.append(fault)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        run.results[nodeid] = [done if found is result else found for found in results]
        run.announce(done)


def _write_documents(run: PaodingSession, session: pytest.Session) -> None:
    json_path, markdown_path = run.config.option.paoding_json, run.config.option.paoding_markdown
    if json_path is not None:
        content = document(_described(run, session))
        run.config.hook.pytest_paoding_update_json(config=run.config, document=content)
        _write(run, session, json_path, to_json(content))
    if markdown_path is not None:
        _write(run, session, markdown_path, markdown(_described(run, session)))


def _described(run: PaodingSession, session: pytest.Session) -> Run:
    return Run(
        exit=int(session.exitstatus),
        complete=session.exitstatus in _ENDED and not (session.shouldfail or session.shouldstop),
        partial=partial_reason(run.config),
        results=run.all_results,
        required_missing=_required_missing(run) if run.switch.on else [],
        workers=len(run.config.getoption("tx", None) or []),
        revision=run.revision,
    )


def _write(run: PaodingSession, session: pytest.Session, target: str, text: str) -> None:
    """Write a document; a run whose results cannot be told does not pass."""
    if target == "-":
        sys.stdout.write(f"\n{text}")
        return
    path = run.config.invocation_params.dir / Path(target).expanduser()
    try:
        write_whole(path, text)
    except OSError as error:
        run.faults.append(f"cannot write {target}: {error.strerror or error}")
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)
    else:
        run.written.append(f"results written to {target}")


def summary(run: PaodingSession) -> list[str]:
    """Return the lines of the section at the end of the run; none where there is nothing to say."""
    if not run.switch.on or run.inert:
        return []
    from pytest_paoding.reporting.terminal import summary_lines  # noqa: PLC0415 - needs tabulate

    option = run.config.option
    lines = summary_lines(
        run.all_results,
        show=option.paoding_report,
        verbose=option.verbose > 0,
        quiet=option.verbose < 0 and not run.faults,
    )
    return [*lines, *run.faults, *(run.written if option.verbose >= 0 else [])]
