"""One gate: load a model, prune it, measure what that cost, judge, and stage what passed.

It knows neither pytest nor TensorFlow: the engine that does the work is handed in.
"""

from __future__ import annotations

import platform
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.references import calibrated
from pytest_paoding.errors import ConfigError, PaodingError
from pytest_paoding.gate.artifacts import Staged, discard, open_staging, recorded, write_manifest
from pytest_paoding.gate.gate_progress import Findings, State
from pytest_paoding.gate.notes import notes
from pytest_paoding.gate.ratio_search import holds_quality, largest
from pytest_paoding.gate.workbench import Workbench, machine
from pytest_paoding.records.baseline import Entry
from pytest_paoding.records.budgets import NO_BUDGET, PUBLISHED, Judgement, Outcome, Verdict, judge
from pytest_paoding.records.formats import ENDINGS, KERAS
from pytest_paoding.records.metrics import KNOWN, Metric
from pytest_paoding.records.results import SCHEMA, GateResult
from pytest_paoding.records.revision import Revision
from pytest_paoding.records.text.jsonable import plain_measurement, portable
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.config.settings import GateSettings
    from pytest_paoding.gate.store import Store
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.protocol import Engine, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """What a gate is asked to do.

    Attributes:
        name: Of the gate.
        settings: Its effective settings.
        root: Where relative paths and data references start.
        path: The model's file, where it comes from one.
        data: `package.module:callable` that gives the data for judging.
        sweep: The name this gate competes for with others of its sweep; the name of its file.
        least: Whether its ratio is the smallest of the sweep, which has to hold.
        nodeid: The test item that runs it.
        attempt: Which run of the item this is, from 1.
        worker: The xdist worker.
    """

    name: str
    settings: GateSettings
    root: Path
    path: Path | None = None
    data: str | None = None
    sweep: str | None = None
    least: bool = False
    nodeid: str = ""
    attempt: int = 1
    worker: str | None = None

    @property
    def target(self) -> str:
        """The published file's name without its ending."""
        return self.sweep or self.name


@dataclass(frozen=True, slots=True)
class GateRun:
    """A gate's record, and its files where they may be published."""

    result: GateResult
    staged: Staged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate, ready to run.

    Attributes:
        engine: Does the work.
        spec: What to do.
        load_model: Gives the original model.
        load_data: Gives the data for judging; it never reaches the pruning.
        measure_more: Gives further metrics of (original, pruned, data), if there are any.
        identify: Gives the original's digest without loading it, where that can be.
        store: Keeps what was done; None to do everything anew.
        artifacts: Folder to publish in; None to only judge.
        owner: Process whose death makes staged files stale.
        compare: Gives the regressions of what was measured.
        accepted: The baseline's entry that is compared with.
        forced: Reason for publishing even over budget.
        revision: The commit to record.
        progress: Is told how far the work is.
    """

    engine: Engine
    spec: GateSpec
    load_model: Callable[[], Any]
    load_data: Callable[[], Any]
    measure_more: Callable[[Any, Any, Any], Mapping[Metric, Measurement]] | None = None
    compare: Callable[[Mapping[str, Measurement]], Mapping[str, Measurement]] = lambda _: {}
    accepted: Entry | None = None
    identify: Callable[[], str | None] = lambda: None
    store: Store | None = None
    artifacts: Path | None = None
    owner: int = 0
    forced: str | None = None
    revision: Revision = field(default_factory=Revision)
    progress: Progress | None = None

    def run(self) -> GateRun:
        """Run the gate.

        A `PaodingError` on the way makes it UNJUDGED; every other exception is a defect and passes
        through. In both cases nothing stays behind.
        """
        started = time.perf_counter()
        state = State()
        bench = self._bench()
        with ExitStack() as cleanup:
            try:
                staged = self._open(cleanup)
                judgement = self._work(bench, state, staged).judgement
                result = self._result(bench, state, judgement, _undecided(judgement), started)
                if self.artifacts is None or result.outcome not in PUBLISHED:
                    return GateRun(result)
                result = self._stage(result, staged)
                cleanup.pop_all()
                return GateRun(result, staged)
            except PaodingError as error:
                unjudged = Judgement(Outcome.UNJUDGED, ())
                return GateRun(self._result(bench, state, unjudged, str(error), started))

    def _bench(self) -> Workbench:
        return Workbench(
            engine=self.engine,
            load_model=self.load_model,
            load_data=self.load_data,
            calibrate=partial(calibrated, root=self.spec.root),
            identify=self.identify,
            store=self.store,
            progress=self.progress,
        )

    def _open(self, cleanup: ExitStack) -> Staged:
        """Open a folder to save in before any work: without it the work would be in vain."""
        folder = open_staging(self.artifacts or Path(tempfile.gettempdir()), owner=self.owner)
        cleanup.callback(discard, folder)
        target = folder.parent / f"{self.spec.target}{ENDINGS[KERAS]}"
        return Staged(folder, target, self.spec.settings.exported)

    def _work(self, bench: Workbench, state: State, staged: Staged) -> Findings:
        """Prune, save, measure and judge, at the ratio that is asked for or searches for one."""
        if staged.exported:
            self.engine.versions(staged.exported)  # without the packages the work would be in vain
        ratio = self.spec.settings.ratio
        if isinstance(ratio, float):
            return self._attempt(bench, ratio, state, staged)
        spare = replace(staged, folder=staged.folder / "trial")
        spare.folder.mkdir()

        def attempt(tried: float) -> Findings:
            found = self._attempt(bench, tried, state, spare)
            state.trials.append(found.trial)
            held = holds_quality(found.judgement)
            if held or not state.held:  # the files shall be those of what `largest` returns
                for name, file in spare.files.items():
                    file.replace(staged.files[name])
            state.held |= held
            return found

        state.now = largest(attempt, holds=lambda found: holds_quality(found.judgement))
        return state.now

    def _attempt(self, bench: Workbench, ratio: float, state: State, into: Staged) -> Findings:
        settings = self.spec.settings.at(ratio)
        state.now = now = Findings(ratio)
        cut = bench.prune(settings, into.model)
        now.layers, now.digest_before, now.digest_after = cut.layers, cut.original, cut.digest
        exports = bench.export(settings, cut, into.exports)
        now.notes = (*cut.notes, *exports.notes)
        measured = bench.measure(settings, cut, exports)
        more = {}
        if self.measure_more is not None:
            more = _named(self.measure_more(bench.original, bench.model(cut), bench.data))
        now.metrics = {
            name: plain_measurement(measurement)
            for name, measurement in {**measured, **more, **cut.metrics, **exports.sizes}.items()
        }
        now.metrics |= self.compare(now.metrics)
        now.judgement = judge(settings.limits, now.metrics)
        return now

    def _result(
        self,
        bench: Workbench,
        state: State,
        judgement: Judgement,
        reason: str | None,
        started: float,
    ) -> GateResult:
        spec, findings = self.spec, state.now
        outcome = self._outcome(judgement)
        digest = findings.digest_before or bench.known_digest
        result = GateResult(
            name=spec.name,
            outcome=outcome,
            nodeid=spec.nodeid,
            reason=reason,
            source=None if spec.path is None else portable(spec.path, spec.root),
            digest_before=digest,
            digest_after=findings.digest_after,
            settings=spec.settings.at(findings.ratio).shown,
            metrics=findings.metrics,
            checks=judgement.checks,
            layers=findings.layers,
            notes=findings.notes,
            forced=self.forced if outcome is Outcome.FORCED else None,
            sweep=spec.sweep,
            trials=tuple(state.trials),
            attempts=spec.attempt,
            worker=spec.worker,
            duration=time.perf_counter() - started,
            versions=self._versions() if digest else {},
            machine=machine(),
            reused=digest is not None and not bench.anew,
        )
        if outcome is Outcome.UNJUDGED:
            return result
        checks = () if spec.sweep else result.checks  # there limits are loose on purpose
        found = notes(checks, old=self.accepted, new=Entry.from_result(result))
        return replace(result, notes=(*findings.notes, *found))

    def _versions(self) -> dict[str, str]:
        formats = self.spec.settings.exported
        return dict(self.engine.versions(formats) if formats else self.engine.versions())

    def _outcome(self, judgement: Judgement) -> Outcome:
        if judgement.outcome is not Outcome.OVER_BUDGET:
            return judgement.outcome
        if self.spec.sweep is not None and not self.spec.least:
            return Outcome.REJECTED
        return Outcome.FORCED if self.forced else Outcome.OVER_BUDGET

    def _stage(self, result: GateResult, staged: Staged) -> GateResult:
        """Put the manifest beside the saved files; from here on they may be published."""
        artifact = recorded(staged, self.spec.root)
        model, files = artifact.files[0], artifact.to_dict()["files"]
        manifest = {
            "schema": SCHEMA,
            "file": {"name": model.name, "bytes": model.bytes, "sha256": model.sha256},
            "files": files,
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "plugin": __version__,
            "python": platform.python_version(),
            "revision": asdict(self.revision),
            "gate": {key: value for key, value in result.to_dict().items() if key != "artifact"},
        }
        write_manifest(staged, manifest)
        return replace(result, artifact=artifact)


def _undecided(judgement: Judgement) -> str | None:
    """Return why a judgement is none, in one line."""
    if judgement.outcome is not Outcome.UNJUDGED:
        return None
    for check in judgement.checks:
        if check.fails and check.verdict is Verdict.UNJUDGED:
            return f"{check.name.replace('_', ' ')}: {check.measurement.reason}"
    return f"no budget applies: {NO_BUDGET}"


def _named(more: Mapping[Metric, Measurement]) -> dict[str, Measurement]:
    """Return further metrics by name; they must not replace what this package measures."""
    for metric in more:
        if metric.name in KNOWN:
            raise ConfigError(f"metric {metric.name!r} is measured already, use another name")
    return {metric.name: measurement for metric, measurement in more.items()}
