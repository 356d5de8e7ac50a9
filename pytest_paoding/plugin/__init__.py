"""The pytest plugin: hooks only, each forwards to the module that knows.

PYTEST_DONT_REWRITE: nothing is asserted here, and it may be imported before pytest starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.artifacts import Staged
from pytest_paoding.gate.artifacts import publish as publish_files
from pytest_paoding.plugin import (
    collection,
    hookspecs,
    markers,
    options,
    session_end,
)
from pytest_paoding.plugin.distribution.workers import usage_of
from pytest_paoding.plugin.fixtures import paoding, paoding_data, paoding_model, paoding_settings
from pytest_paoding.plugin.phases import after_phase, begin, status
from pytest_paoding.plugin.reports import standard_output
from pytest_paoding.plugin.reports.comparing import read_earlier
from pytest_paoding.plugin.reports.remembering import check_history
from pytest_paoding.plugin.reports.report_paths import check_reports
from pytest_paoding.plugin.run import PaodingRun
from pytest_paoding.records.formats import KERAS
from pytest_paoding.reporting.header import header

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_paoding.records.protocol import Engine
    from pytest_paoding.records.results import GateResult

__all__ = ["paoding", "paoding_data", "paoding_model", "paoding_settings"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks."""
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Keep standard output for the document that is to be printed, before pytest captures it."""
    standard_output.claim(early_config)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and read the settings."""
    config.addinivalue_line("markers", markers.DESCRIPTION)
    try:
        run = PaodingRun(config)
        run.start()
        read_earlier(run)
        check_history(run)
        check_reports(run)
    except ConfigError as error:
        raise pytest.UsageError(*str(error).split("\n")) from None


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return the line on the effective settings, if gates run."""
    run = PaodingRun.of(config)
    return header(run.settings) if run.switch.on else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise tests over the configured models, and over several ratios."""
    collection.parametrize(PaodingRun.of(metafunc.config), metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the configured gates before anything is selected by name or marker."""
    collection.modify_items(PaodingRun.of(config), session, items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin a new attempt at the item."""
    begin(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report carry the gates' results; publish after the teardown."""
    report = yield
    after_phase(item, call, report)
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return the word of a gate that decided a phase."""
    return status(report)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Enforce the demands on the whole session, before its exit status is decided."""
    ran = yield
    session_end.enforce(PaodingRun.of(session.config), session)
    return ran


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Publish what waited, and write the documents."""
    session_end.finish(PaodingRun.of(session.config), session)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the gates' section."""
    if lines := session_end.summary(PaodingRun.of(config)):
        terminalreporter.section("paoding")
        for line in lines:
            terminalreporter.line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which process outlives it, and what they share."""
    run = PaodingRun.of(node.config)
    watch = run.watch if run.switch.on else None
    if watch is not None:
        watch.start()
    run.sharing.tell(node, run.file.root if run.switch.on else None, seen=watch is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect the usage errors of a worker."""
    PaodingRun.of(node.config).usage.extend(usage_of(node))


@pytest.hookimpl(trylast=True)
def pytest_paoding_engine() -> Engine:
    """Prune Keras models."""
    from pytest_paoding.engine.keras_engine import KerasEngine  # noqa: PLC0415 - only when a gate runs

    return KerasEngine()


@pytest.hookimpl(trylast=True)
def pytest_paoding_publish(result: GateResult, staged: Path, target: Path) -> Path:
    """Move the model's files and their manifest to their place."""
    files = () if result.artifact is None else result.artifact.files
    exported = tuple(file.format for file in files if file.format != KERAS)
    return publish_files(Staged(staged.parent, target, exported))
