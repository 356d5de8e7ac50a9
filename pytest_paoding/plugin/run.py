"""The run as one process sees it: its settings, its engine, the results of its gates."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config import configfile
from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.errors import ArtifactError, ConfigError
from pytest_paoding.gate import artifacts
from pytest_paoding.gate.artifacts import Staged
from pytest_paoding.plugin.options import Switch, command_line
from pytest_paoding.plugin.workers import Sharing, unpacked
from pytest_paoding.records.baseline import Baseline
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.revision import Revision, read_revision
from pytest_paoding.records.text.jsonable import one_line, portable
from pytest_paoding.reporting.progress import Progress

if TYPE_CHECKING:
    from pytest_paoding.config.run_settings import Settings
    from pytest_paoding.gate.store import Store
    from pytest_paoding.records.protocol import Engine

_LISTING = (
    "collectonly",
    "help",
    "setuponly",
    "setupplan",
    "show_fixtures_per_test",
    "showfixtures",
    "version",
)
_KEY = pytest.StashKey["PaodingSession"]()


class PaodingSession:
    """State of one run in one process; kept in the configuration's stash.

    Attributes:
        config: Of pytest.
        switch: Whether gates run.
        results: Of all gates by node id; under xdist the controller has those of all workers.
        waiting: Files that are published if the whole session passes.
        sharing: What this process has in common with the others of the run.
        environment: Environment variables at the start: later ones name a test of this run.
        gates: Names of gates that have begun, by node id.
        passed: Node ids whose last attempt passed in all phases.
        missing: Lines on required gates that did not run.
        demands: How many demands on the whole session were not met.
        rerun: Node ids whose present attempt is not the last.
        usage: Usage errors that workers met.
        faults: Lines on what went wrong beside the gates.
        changed: Lines on what has changed about the baseline.
        written: Lines on what was written.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.switch = Switch.from_config(config)
        self.results: dict[str, list[GateResult]] = {}
        self.waiting: dict[tuple[str, str], Staged] = {}
        self.sharing = Sharing(config)
        self.environment = dict(os.environ)
        self.gates: dict[str, str] = {}
        self.passed: set[str] = set()
        self.missing: list[str] = []
        self.demands = 0
        self.rerun: set[str] = set()
        self.usage: list[str] = []
        self.faults: list[str] = []
        self.changed: list[str] = []
        self.written: list[str] = []
        config.stash[_KEY] = self
        config.pluginmanager.register(_Listener(self), "paoding-session")

    @classmethod
    def of(cls, config: pytest.Config) -> PaodingSession:
        """Return the session of a configuration."""
        return config.stash[_KEY]

    @cached_property
    def worker(self) -> str | None:
        """The name of this xdist worker; None in any other process."""
        found: dict[str, str] = getattr(self.config, "workerinput", {})
        return found.get("workerid")

    @cached_property
    def owner(self) -> int:
        """The process that outlives all workers and removes what they leave behind."""
        found: dict[str, int] = getattr(self.config, "workerinput", {})
        return found.get("paoding_owner", os.getpid())

    @cached_property
    def inert(self) -> bool:
        """Whether nothing will be run, only listed or planned."""
        option = self.config.option
        return any(getattr(option, name, False) for name in _LISTING)

    @cached_property
    def file(self) -> ConfigFile:
        """The settings file.

        Raises:
            ConfigError: It cannot be read.
        """
        rootdir, given = self.config.rootpath, self.config.option.paoding_config
        if given is not None:
            path = self.config.invocation_params.dir / Path(given).expanduser()
            return configfile.read(path, rootdir=rootdir, required=True)
        found = configfile.find(inipath=self.config.inipath, rootdir=rootdir)
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
        """What earlier runs have found; None where nothing is compared.

        Raises:
            ConfigError: The file cannot be read.
        """
        path = self.settings.baseline
        return None if path is None else Baseline.read(path, label=portable(path, self.file.root))

    @property
    def accepted(self) -> Baseline | None:
        """The baseline, if gates run."""
        return self.baseline if self.switch.on else None

    @cached_property
    def engine(self) -> Engine:
        """What does the work; made when the first gate runs."""
        engine: Engine = self.config.hook.pytest_paoding_engine(config=self.config)
        return engine

    @property
    def store(self) -> Store:
        """What keeps work that is done."""
        return self.sharing.store

    @cached_property
    def revision(self) -> Revision:
        """The commit the project is checked out at."""
        return read_revision(self.config.rootpath)

    @property
    def all_results(self) -> list[GateResult]:
        """The results of all gates, in the order of their names: workers finish in any order."""
        found = [result for results in self.results.values() for result in results]
        return sorted(found, key=lambda result: (result.name, result.nodeid))

    def progress(self, name: str) -> Progress | None:
        """Return what shows how far a gate is; None where there is no terminal."""
        reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
        terminal = getattr(reporter, "isatty", False)  # a method since pytest 9
        shown = terminal() if callable(terminal) else terminal
        return Progress(reporter, name) if shown else None

    def start(self) -> None:
        """Read all settings now, so that a bad one ends the run before it begins.

        Raises:
            ConfigError: With one line for every fault.
        """
        if self.switch.on and not (self.config.option.help or self.config.option.version):
            self.baseline  # noqa: B018 - reading is validating
            if self.config.option.paoding_update_baseline and self.baseline is None:
                raise ConfigError(
                    "--paoding-update-baseline needs a file: set baseline in [tool.paoding] or give"
                    " --paoding-baseline"
                )
            self.sweep()

    def sweep(self) -> None:
        """Remove what this run and dead ones have left in staging."""
        if self.settings.artifacts is not None and self.worker is None and not self.inert:
            artifacts.sweep(self.settings.artifacts, owner=self.owner)

    def take(self, report: pytest.TestReport) -> None:
        """Take the results a report carries; the last attempt's replace those before."""
        if report.when == "setup":
            if gate := getattr(report, "paoding_gate", None):
                self.gates[report.nodeid] = gate
            self.rerun.discard(report.nodeid)
            self.passed.discard(report.nodeid)
        if str(report.outcome) == "rerun":  # as pytest-rerunfailures calls it
            self.rerun.add(report.nodeid)
        carried: list[dict[str, Any]] | None = getattr(report, "paoding", None)
        if carried is None:
            self._record_crash(report)
            return
        results = [GateResult.from_dict(plain) for plain in carried]
        self.results[report.nodeid] = results
        if getattr(report, "paoding_passed", False):
            self.passed.add(report.nodeid)
        self._receive(report, results)
        waiting: dict[str, list[str]] = getattr(report, "paoding_waiting", {})
        for name, (folder, target, *exported) in waiting.items():
            staged = Staged(Path(folder), Path(target), tuple(exported))
            self.waiting[report.nodeid, name] = staged
        if report.when == "teardown" and report.nodeid not in self.rerun:
            for result in results:
                if (report.nodeid, result.name) not in self.waiting:
                    self.announce(result)

    def _receive(self, report: pytest.TestReport, results: list[GateResult]) -> None:
        """Stage files that came with a report; they are published like those that wait."""
        if self.worker is not None:
            return  # on its way
        files: dict[str, dict[str, Any]] = vars(report).pop("paoding_files", {})
        folder = self.settings.artifacts if files else None
        for result in results:
            if result.name not in files or folder is None:
                continue
            try:
                staged = unpacked(files[result.name], result, folder, owner=self.owner)
            except ArtifactError as error:
                self.faults.append(str(error))
            else:
                self.waiting[report.nodeid, result.name] = staged

    def _record_crash(self, report: pytest.TestReport) -> None:
        """Record a gate whose worker died; xdist reports its test with `???` as the phase."""
        name = self.gates.get(report.nodeid)
        if report.when in {"setup", "call", "teardown"} or name is None:
            return
        text = str(report.longrepr).strip().splitlines()
        reason = text[0] if text else "the worker crashed"
        self.results[report.nodeid] = [
            GateResult(
                name=name, outcome=Outcome.CRASHED, nodeid=report.nodeid, reason=one_line(reason)
            )
        ]

    def announce(self, result: GateResult) -> None:
        """Tell the hook that a gate is over."""
        self.config.hook.pytest_paoding_gate_finished(config=self.config, result=result)


class _Listener:
    """What pytest knows of a session; no more, as pytest 8.0 reads all attributes of a plugin."""

    def __init__(self, session: PaodingSession) -> None:
        self._session = session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand on the report, for which pytest passes no configuration."""
        self._session.take(report)
