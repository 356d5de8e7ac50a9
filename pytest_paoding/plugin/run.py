"""The run as one process sees it: its settings, its engine, and what its gates have found."""

from __future__ import annotations

import os
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config import configfile
from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.errors import ArtifactError, ConfigError
from pytest_paoding.gate import artifacts
from pytest_paoding.gate.files.terminated import terminable
from pytest_paoding.gate.keeping.trust import seal_of_cache
from pytest_paoding.plugin.distribution.carried import Carried, GateTest
from pytest_paoding.plugin.distribution.watching import FileLine, Watch
from pytest_paoding.plugin.distribution.workers import WATCHED, Sharing
from pytest_paoding.plugin.options import Switch, command_line
from pytest_paoding.records.runs.revision import Revision, read_revision
from pytest_paoding.records.text.jsonable import portable
from pytest_paoding.reporting.progress import Progress, TerminalLine

if TYPE_CHECKING:
    from pytest_paoding.config.run_settings import Settings
    from pytest_paoding.gate.artifacts import Staged
    from pytest_paoding.records.baseline import Baseline
    from pytest_paoding.records.protocol import Engine
    from pytest_paoding.records.results import GateResult
    from pytest_paoding.reporting.progress import Line

_LISTING = (
    "collectonly",
    "help",
    "setuponly",
    "setupplan",
    "show_fixtures_per_test",
    "showfixtures",
    "version",
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a step of the run has found besides its gates, as lines of the summary.

    Attributes:
        faults: What went wrong; the run does not pass.
        missing: Required gates that did not run.
        unmet: Those of the demands on the whole session that fail it.
        changed: What has changed about the baseline, or is wrong with the history.
        written: What was written.
        settled: Records of gates after their publication, in place of those before.
    """

    faults: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    settled: tuple[GateResult, ...] = ()

    def __add__(self, more: Findings) -> Findings:
        """Return both, these first."""
        return Findings(*(getattr(self, f.name) + getattr(more, f.name) for f in fields(self)))


class PaodingRun:
    """One run of pytest in one process; kept in the configuration's stash.

    Attributes:
        config: pytest's configuration.
        switch: Whether gates run.
        sharing: What this process shares with the others of the run.
        environment: Environment variables at the start: later ones name a test of this run.
        tests: Items with gates by node id; under xdist the controller has those of all workers.
        findings: Findings of all steps so far.
        usage: Usage errors that workers met.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.switch = Switch.from_config(config)
        self.sharing = Sharing(config)
        self.environment = dict(os.environ)
        self.tests: dict[str, GateTest] = {}
        self.findings = Findings()
        self.usage: list[str] = []
        config.stash[_KEY] = self
        config.pluginmanager.register(_Listener(self), "paoding-run")

    @classmethod
    def of(cls, config: pytest.Config) -> PaodingRun:
        """Return the run of a configuration."""
        return config.stash[_KEY]

    @cached_property
    def inert(self) -> bool:
        """Whether nothing will be run, only listed or planned."""
        return any(getattr(self.config.option, name, False) for name in _LISTING)

    @cached_property
    def file(self) -> ConfigFile:
        """The settings file.

        Raises:
            ConfigError: It cannot be read.
        """
        config, rootdir = self.config, self.config.rootpath
        cwd, given = config.invocation_params.dir, config.option.paoding_config
        if given is not None:
            return configfile.read(cwd / Path(given).expanduser(), rootdir=rootdir, required=True)
        asked = [cwd / each.partition("::")[0] for each in config.args]
        found = configfile.find(inipath=config.inipath, rootdir=rootdir, asked=asked)
        return configfile.read(found, rootdir=rootdir) if found else ConfigFile(root=rootdir)

    @cached_property
    def listed(self) -> ConfigFile:
        """The settings file, or none where it is broken: gates that run have refused it before."""
        try:
            return self.file
        except ConfigError:
            return ConfigFile(root=self.config.rootpath)

    @cached_property
    def settings(self) -> Settings:
        """The validated settings.

        Raises:
            ConfigError: With one line for every fault.
        """
        from pytest_paoding.config.loading import load  # noqa: PLC0415 - needs Pydantic

        strict = self.config.option.paoding_strict
        return load(self.file, command_line=command_line(self.config), strict=strict)

    @cached_property
    def baseline(self) -> Baseline | None:
        """The accepted findings of earlier runs; None where nothing is compared.

        Raises:
            ConfigError: The file cannot be read.
        """
        from pytest_paoding.config.documents.read_documents import read_baseline  # noqa: PLC0415 - needs Pydantic

        path = self.settings.baseline
        return None if path is None else read_baseline(path, label=portable(path, self.file.root))

    @cached_property
    def engine(self) -> Engine:
        """The engine that does the work; made when the first gate runs."""
        engine: Engine = self.config.hook.pytest_paoding_engine(config=self.config)
        return engine

    @cached_property
    def revision(self) -> Revision:
        """The commit the project is checked out at."""
        return read_revision(self.config.rootpath)

    @property
    def results(self) -> list[GateResult]:
        """Records of all gates, in the order of their names: workers finish in any order."""
        found = [result for test in self.tests.values() for result in test.results]
        return sorted(found, key=lambda result: (result.name, result.nodeid))

    @property
    def waiting(self) -> list[tuple[GateResult, Staged]]:
        """Records of gates whose files wait for the end of the session, and these files."""
        return [
            (result, test.waiting[result.name])
            for test in self.tests.values()
            for result in test.results
            if result.name in test.waiting and result.artifact is not None
        ]

    @cached_property
    def line(self) -> Line | None:
        """Where progress is shown; None where there is no terminal."""
        if self.sharing.worker is not None:
            watched = self.sharing.watched
            return None if watched is None else FileLine(watched / f"{self.sharing.worker}.txt")
        manager = self.config.pluginmanager
        reporter: Any = manager.get_plugin("terminalreporter")
        terminal = getattr(reporter, "isatty", False)  # a method since pytest 9
        if not (terminal() if callable(terminal) else terminal):
            return None
        capture: Any = manager.get_plugin("capturemanager")
        aside = nullcontext if capture is None else capture.global_and_fixture_disabled
        return TerminalLine(reporter, aside)

    @cached_property
    def watch(self) -> Watch | None:
        """What shows the progress of workers; None where there is no terminal."""
        folder = self.sharing.scratch / WATCHED
        return None if self.line is None else Watch(folder, self.line)

    def progress(self, name: str) -> Progress | None:
        """Return what shows the progress of a gate; None where nobody would see it."""
        return None if self.line is None else Progress(self.line, name)

    def hide(self) -> None:
        """Remove the line of the workers, if there is one, as a report is to be printed."""
        if "watch" in vars(self) and self.watch is not None:
            self.watch.hide()

    def watch_no_more(self) -> None:
        """Stop showing the progress of workers."""
        if "watch" in vars(self) and self.watch is not None:
            self.watch.stop()

    def start(self) -> None:
        """Read all settings now, so that a bad one ends the run before it begins.

        Raises:
            ConfigError: With one line for every fault.
        """
        option = self.config.option
        if not self.switch.on or option.help or option.version:
            return
        if self.baseline is None and option.paoding_update_baseline:
            raise ConfigError(
                "--paoding-update-baseline needs a file: set baseline in [tool.paoding] or give"
                " --paoding-baseline"
            )
        self.sharing.seal = seal_of_cache(self.environment, self.settings.shared["cache"].value)
        self.sweep()
        if self.sharing.worker is None:
            ended = ExitStack()
            ended.enter_context(terminable())
            self.config.add_cleanup(ended.close)

    def sweep(self) -> None:
        """Remove what this run and dead ones have left in staging."""
        if self.settings.artifacts is not None and self.sharing.worker is None and not self.inert:
            artifacts.sweep(self.settings.artifacts, owner=self.sharing.owner)

    def take(self, report: pytest.TestReport) -> None:
        """Fold what a report carries; the last attempt's results replace those before."""
        carried = Carried.from_report(report)
        if carried is None and report.nodeid not in self.tests:
            return
        test = self.tests.setdefault(report.nodeid, GateTest())
        test.take(report, carried)
        if carried is None or not carried.results:
            return
        self.fold(Findings(faults=carried.fail(report)))
        if carried.parcels and self.sharing.worker is None:  # here they have arrived
            replace(carried, parcels={}).onto(report)
            self._unpack(carried, test)
        if report.when == "teardown" and not test.rerun:
            for result in (each for each in test.results if each.name not in test.waiting):
                self._announce(result)

    def _unpack(self, carried: Carried, test: GateTest) -> None:
        """Stage files that came with a report; they are published like those that wait."""
        folder = self.settings.artifacts
        for result in carried.results:
            parcel = carried.parcels.get(result.name)
            if parcel is None or folder is None:
                continue
            try:
                staged = parcel.unpack(result, folder, owner=self.sharing.owner)
            except ArtifactError as error:
                self.fold(Findings(faults=(str(error),)))
            else:
                test.waiting[result.name] = staged

    def fold(self, found: Findings) -> None:
        """Add what a step has found; records of gates are replaced by what became of them."""
        self.findings += found
        for done in found.settled:
            test = self.tests[done.nodeid]
            test.results = tuple(
                done if each.name == done.name and each.artifact else each for each in test.results
            )
            self._announce(done)

    def _announce(self, result: GateResult) -> None:
        """Tell the hook that a gate is over."""
        self.config.hook.pytest_paoding_gate_finished(config=self.config, result=result)


_KEY = pytest.StashKey[PaodingRun]()


class _Listener:
    """What pytest knows of a run; no more, as pytest 8.0 reads all attributes of a plugin."""

    def __init__(self, run: PaodingRun) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Forward a report, for which pytest passes no configuration, before it is printed."""
        self._run.hide()
        self._run.take(report)
