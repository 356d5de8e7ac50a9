"""The end of a run: demands on the whole session, late publication, documents and summary."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.gate.artifacts import write_whole
from pytest_paoding.plugin.against_baseline import renew, stale
from pytest_paoding.plugin.full_session import partial_reason
from pytest_paoding.plugin.publishing import publish_waiting
from pytest_paoding.records.runs import Run, clashes, required_missing, surroundings
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting import github
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.page import page

if TYPE_CHECKING:
    from pytest_paoding.plugin.run import PaodingSession

_ENDED = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


def enforce(run: PaodingSession, session: pytest.Session) -> None:
    """Fail the session if a required gate did not run or two gates share a name.

    Raises:
        pytest.UsageError: Workers met usage errors, which only this process can raise.
    """
    if run.usage:
        raise pytest.UsageError(*dict.fromkeys(run.usage))
    if not run.switch.on or run.worker is not None or run.inert:
        return
    clashing = list(clashes(run.all_results))
    missing = required_missing(run.settings.table.require, run.all_results)
    partial = partial_reason(run.config)
    excused = partial is not None and not run.settings.strict
    why = f", not enforced in a partial run ({partial})" if excused else ""
    run.faults += clashing
    run.missing = [f"required gate {name} did not run{why}" for name in missing]
    run.demands = len(clashing) + (0 if excused else len(missing))
    session.testsfailed += run.demands


def finish(run: PaodingSession, session: pytest.Session) -> None:
    """Publish what waited for the whole session, clean up, and write the documents."""
    if run.inert:
        return
    if run.worker is not None:
        run.sharing.close()
        return
    if run.switch.on:
        publish_waiting(run, session, complete=_complete(session))
        _renew_baseline(run, session)
        run.sweep()
    run.sharing.close()
    if run.switch.on:
        _tell_github(run, session)
    _write_documents(run, session)


def _renew_baseline(run: PaodingSession, session: pytest.Session) -> None:
    """Write the baseline if asked to; an interrupted run does not know enough to."""
    if not _complete(session):
        return
    full = partial_reason(run.config) is None
    faults = renew(run, full=full)
    if faults:
        run.faults += faults
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)
    elif full and run.config.option.paoding_update_baseline != "all":
        run.written += [f"baseline entry {name} is stale: no gate has it" for name in stale(run)]


def _complete(session: pytest.Session) -> bool:
    return session.exitstatus in _ENDED and not (session.shouldfail or session.shouldstop)


def _write_documents(run: PaodingSession, session: pytest.Session) -> None:
    option = run.config.option
    if option.paoding_json is not None:
        content = _described(run, session).to_dict()
        run.config.hook.pytest_paoding_update_json(config=run.config, document=content)
        _write(run, session, option.paoding_json, to_json(content))
    for path, render in ((option.paoding_markdown, markdown), (option.paoding_html, page)):
        if path is not None:
            _write(run, session, path, render(_described(run, session)))


def _tell_github(run: PaodingSession, session: pytest.Session) -> None:
    """Annotate and summarise; that this may fail is told, but changes no verdict."""
    names = [name for name, _ in run.config.pluginmanager.list_name_plugin()]
    if not github.is_wanted(run.config.option.paoding_github, run.environment, names):
        return
    root, workspace = run.config.rootpath, github.workspace()
    lines = github.annotate(run.all_results, file=run.file, root=root, workspace=workspace)
    if lines:
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    if summary_path := run.environment.get("GITHUB_STEP_SUMMARY"):
        try:
            github.append_summary(Path(summary_path), markdown(_described(run, session)))
        except OSError as error:
            run.written.append(f"cannot write the job summary: {error.strerror or error}")


def _described(run: PaodingSession, session: pytest.Session) -> Run:
    return Run(
        exit=int(session.exitstatus),
        complete=_complete(session),
        partial=partial_reason(run.config),
        results=run.all_results,
        required=run.settings.table.require if run.switch.on else (),
        failed=session.testsfailed - run.demands,
        baseline=None if run.accepted is None else tuple(run.accepted.entries),
        faults=tuple(run.faults),
        workers=len(run.config.getoption("tx", None) or []),
        root=_seen_from(run.config.invocation_params.dir, run.listed.root),
        environment=surroundings(run.all_results, run.revision),
    )


def _seen_from(here: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(folder, here)).as_posix()
    except ValueError:  # on Windows, where it is on another drive
        return folder.as_posix()


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
        quiet=option.verbose < 0 and not (run.faults or run.missing),
    )
    return [
        *lines,
        *run.faults,
        *run.missing,
        *run.changed,
        *(run.written if option.verbose >= 0 else []),
    ]
