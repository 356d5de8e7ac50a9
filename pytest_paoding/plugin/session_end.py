"""The end of a run: demands on the whole session, publication, documents and summary."""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.errors import cannot_write
from pytest_paoding.gate.files.whole_files import write_whole
from pytest_paoding.plugin.full_session import partial_reason
from pytest_paoding.plugin.publishing import publish_waiting, renew_baseline
from pytest_paoding.plugin.reports.comparing import changes_of
from pytest_paoding.plugin.reports.remembering import remember, trends_of
from pytest_paoding.plugin.reports.report_paths import report_target
from pytest_paoding.plugin.reports.standard_output import print_document
from pytest_paoding.plugin.run import Findings, PaodingRun
from pytest_paoding.records.runs.run_record import (
    RunRecord,
    clashes,
    required_missing,
    surroundings,
)
from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting import github
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.web.page import page

if TYPE_CHECKING:
    from collections.abc import Callable

_ENDED = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


def enforce(run: PaodingRun, session: pytest.Session) -> None:
    """Fail the session if a required gate did not run or two gates share a name.

    Raises:
        pytest.UsageError: Workers met usage errors, which only this process can raise.
    """
    if run.usage:
        raise pytest.UsageError(*dict.fromkeys(run.usage))
    if not run.switch.on or run.sharing.worker is not None or run.inert:
        return
    clashing = tuple(clashes(run.results))
    partial = partial_reason(run.config)
    excused = partial is not None and not run.settings.strict
    why = f", not enforced in a partial run ({partial})" if excused else ""
    absent = required_missing(run.settings.required, run.results)
    missing = tuple(f"required gate {name} did not run{why}" for name in absent)
    unmet = clashing if excused else (*clashing, *missing)
    run.fold(Findings(faults=clashing, missing=missing, unmet=unmet))
    session.testsfailed += len(unmet)


def finish(run: PaodingRun, session: pytest.Session) -> None:
    """Publish what waited for the whole session, clean up, and write the documents."""
    if run.inert:
        return
    if run.sharing.worker is not None:
        run.sharing.close()
        return
    run.watch_no_more()
    if run.switch.on:
        passed, complete = session.exitstatus == pytest.ExitCode.OK, _is_complete(session)
        for found in publish_waiting(run, passed=passed, complete=complete):
            run.fold(found)
        _fail_on_faults(run, session)
        if complete:  # an interrupted run does not know enough for a baseline
            run.fold(renew_baseline(run, full=partial_reason(run.config) is None))
            _fail_on_faults(run, session)
        run.sweep()
    run.sharing.close()
    if run.sharing.unkept is not None:
        run.fold(Findings(written=(run.sharing.unkept,)))
    if run.switch.on:
        if (history := run.settings.history) is not None:
            run.fold(remember(run, history, _record(run, session)))
        run.fold(_tell_github(run, session))
    for kind, render in _documents(run):
        run.fold(_write(run, kind, render(_record(run, session))))
        _fail_on_faults(run, session)


def _fail_on_faults(run: PaodingRun, session: pytest.Session) -> None:
    if run.findings.faults:
        session.exitstatus = max(session.exitstatus, pytest.ExitCode.TESTS_FAILED)


def _is_complete(session: pytest.Session) -> bool:
    return session.exitstatus in _ENDED and not (session.shouldfail or session.shouldstop)


def _documents(run: PaodingRun) -> list[tuple[str, Callable[[RunRecord], str]]]:
    """Return the kind and the renderer of every document that is asked for."""

    def in_json(record: RunRecord) -> str:
        content = record.to_dict()
        run.config.hook.pytest_paoding_update_json(config=run.config, document=content)
        return to_json(content)

    option = vars(run.config.option)
    documents = (
        ("json", in_json),
        ("markdown", partial(markdown, trends=trends_of(run))),
        ("html", partial(page, trends=trends_of(run))),
    )
    return [each for each in documents if option[f"paoding_{each[0]}"] is not None]


def _tell_github(run: PaodingRun, session: pytest.Session) -> Findings:
    """Annotate and summarise; a failure to do so is reported, but changes no verdict."""
    names = [name for name, _ in run.config.pluginmanager.list_name_plugin()]
    if not github.is_wanted(run.config.option.paoding_github, run.environment, names):
        return Findings()
    root, workspace = run.config.rootpath, github.workspace()
    lines = github.annotate(run.results, file=run.file, root=root, workspace=workspace)
    if lines:
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    if summary_path := run.environment.get("GITHUB_STEP_SUMMARY"):
        try:
            text = markdown(_record(run, session), trends_of(run))
            github.append_summary(Path(summary_path), text)
        except OSError as error:
            line = cannot_write(summary_path, error, instead="go without this summary of the job")
            return Findings(written=(line,))
    return Findings()


def _record(run: PaodingRun, session: pytest.Session) -> RunRecord:
    baseline = run.baseline if run.switch.on else None
    return RunRecord(
        exit=int(session.exitstatus),
        complete=_is_complete(session),
        partial=partial_reason(run.config),
        results=run.results,
        required=run.settings.required if run.switch.on else (),
        failed=session.testsfailed - len(run.findings.unmet),
        baseline=None if baseline is None else tuple(baseline.entries),
        faults=run.findings.faults,
        workers=len(run.config.getoption("tx", None) or []),
        root=_seen_from(run.config.invocation_params.dir, run.listed.root),
        environment=surroundings(run.results, run.revision, _command(run)),
        changes=changes_of(run),
    )


def _command(run: PaodingRun) -> str:
    return shlex.join(["pytest", *map(str, run.config.invocation_params.args)])


def _seen_from(here: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(folder, here)).as_posix()
    except ValueError:  # on Windows, where it is on another drive
        return folder.as_posix()


def _write(run: PaodingRun, kind: str, text: str) -> Findings:
    """Write a document; a run whose results cannot be written does not pass."""
    target = report_target(run, kind)
    try:
        if target is None:
            print_document(run.config, text)
            return Findings()
        if (lost := target.lost()) is not None:  # a gate has published it since the start
            return Findings(faults=(f"cannot write {target.given}: {lost}",))
        write_whole(target.path, text)
    except OSError as error:
        name = "standard output" if target is None else target.given
        return Findings(faults=(cannot_write(name, error),))
    return Findings(written=(f"results written to {target.given}",))


def summary(run: PaodingRun) -> list[str]:
    """Return the lines of the section at the end of the run; none where there is nothing to say."""
    if not run.switch.on or run.inert:
        return []
    from pytest_paoding.reporting.terminal import summary_lines  # noqa: PLC0415 - needs tabulate

    option, found = run.config.option, run.findings
    lines = summary_lines(
        run.results,
        show=option.paoding_report,
        verbose=option.verbose > 0,
        quiet=option.verbose < 0 and not (found.faults or found.missing),
    )
    written = found.written if option.verbose >= 0 else ()
    told = (*found.faults, *found.missing, *found.changed, *written)
    return [*lines, *map(as_line, told)]
