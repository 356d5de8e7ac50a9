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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding import __version__
from pytest_paoding.artifacts import Staged, discard, open_staging, sha256_of, write_manifest
from pytest_paoding.baseline import Entry
from pytest_paoding.budgets import KNOWN, NO_BUDGET, Judgement, Metric, Outcome, Verdict, judge
from pytest_paoding.errors import ArtifactError, ConfigError, PaodingError
from pytest_paoding.evaluation.measurement import Measurement
from pytest_paoding.notes import notes
from pytest_paoding.plain import plain_measurement, portable
from pytest_paoding.results import SCHEMA, Artifact, GateResult, LayerResult
from pytest_paoding.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.precedence import GateSettings
    from pytest_paoding.protocol import Engine, Progress
    from pytest_paoding.surgery.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """What a gate is asked to do.

    Attributes:
        name: Of the gate.
        settings: Its effective settings.
        root: Where relative paths and data references start.
        path: The model's file, where it comes from one.
        data: `package.module:callable` that gives the data for judging.
        nodeid: The test item that runs it.
        attempt: Which run of the item this is, from 1.
        worker: The xdist worker.
    """

    name: str
    settings: GateSettings
    root: Path
    path: Path | None = None
    data: str | None = None
    nodeid: str = ""
    attempt: int = 1
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class GateRun:
    """A gate's record, and its file where that may be published."""

    result: GateResult
    staged: Staged | None = None


@dataclass(slots=True)
class _Findings:
    """What is known so far; kept when something fails half-way."""

    metrics: dict[str, Measurement] = field(default_factory=dict)
    layers: tuple[LayerResult, ...] = ()
    digest_before: str | None = None
    digest_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate, ready to run.

    Attributes:
        engine: Does the work.
        spec: What to do.
        load_model: Gives the original model.
        load_data: Gives the data for judging; it never reaches the pruning.
        measure_more: Gives further metrics of (original, pruned, data).
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
    measure_more: Callable[[Any, Any, Any], Mapping[Metric, Measurement]] = lambda *_: {}
    compare: Callable[[Mapping[str, Measurement]], Mapping[str, Measurement]] = lambda _: {}
    accepted: Entry | None = None
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
        findings = _Findings()
        with ExitStack() as cleanup:
            try:
                staged = self._open(cleanup)
                self._measure(findings, staged)
                judgement = judge(self.spec.settings.limits, findings.metrics)
                result = self._result(findings, judgement, _undecided(judgement), started)
                if self.artifacts is None or result.failed:
                    return GateRun(result)
                result = self._stage(result, staged)
                cleanup.pop_all()
                return GateRun(result, staged)
            except PaodingError as error:
                unjudged = Judgement(Outcome.UNJUDGED, ())
                return GateRun(self._result(findings, unjudged, str(error), started))

    def _open(self, cleanup: ExitStack) -> Staged:
        """Open a folder to save in before any work: without it the work would be in vain."""
        folder = open_staging(self.artifacts or Path(tempfile.gettempdir()), owner=self.owner)
        cleanup.callback(discard, folder)
        return Staged(folder, folder.parent / f"{self.spec.name}.keras")

    def _measure(self, findings: _Findings, staged: Staged) -> None:
        engine, settings = self.engine, self.spec.settings
        original = self.load_model()
        findings.digest_before = engine.digest(original)
        data = self.load_data()
        pruned = engine.prune(original, **settings.pruning, progress=self.progress)
        findings.layers = _layers(pruned.plan)
        findings.digest_after = engine.digest(pruned.model)
        measured = engine.evaluate(
            original,
            pruned.model,
            data,
            epsilons=settings.epsilons,
            input_range=settings.input_range,
            progress=self.progress,
        )
        more = self.measure_more(original, pruned.model, data)
        sizes = self._sizes(original, pruned.model, staged)
        found = {**measured, **_named(more), **sizes}
        findings.metrics = {
            name: plain_measurement(measurement) for name, measurement in found.items()
        }
        findings.metrics |= self.compare(findings.metrics)

    def _sizes(self, original: Any, pruned: Any, staged: Staged) -> dict[str, Measurement]:
        """Save both models the same way; the pruned one stays."""
        spare = staged.folder / f"original-{staged.target.name}"
        try:
            before = self.engine.save(original, spare)
            spare.unlink()
            after = self.engine.save(pruned, staged.model)
        except OSError as error:
            raise ArtifactError(f"cannot save the model: {error.strerror or error}") from error
        return {
            "size": Measurement(before=before, after=after, found=after),
            "size_reduction": Measurement(
                before=before, after=after, found=(before - after) / before
            ),
        }

    def _result(
        self, findings: _Findings, judgement: Judgement, reason: str | None, started: float
    ) -> GateResult:
        spec, outcome = self.spec, judgement.outcome
        worked = findings.digest_before is not None  # or asking would start the engine in vain
        forced = self.forced if outcome is Outcome.OVER_BUDGET else None
        result = GateResult(
            name=spec.name,
            outcome=Outcome.FORCED if forced else outcome,
            nodeid=spec.nodeid,
            reason=reason,
            source=None if spec.path is None else portable(spec.path, spec.root),
            digest_before=findings.digest_before,
            digest_after=findings.digest_after,
            settings=spec.settings.shown,
            metrics=findings.metrics,
            checks=judgement.checks,
            layers=findings.layers,
            forced=forced,
            attempts=spec.attempt,
            worker=spec.worker,
            duration=time.perf_counter() - started,
            versions=dict(self.engine.versions()) if worked else {},
            machine=f"{platform.system()} {platform.machine()}",
        )
        if outcome is Outcome.UNJUDGED:
            return result
        found = notes(result.checks, old=self.accepted, new=Entry.from_result(result))
        return replace(result, notes=found)

    def _stage(self, result: GateResult, staged: Staged) -> GateResult:
        """Put the manifest beside the saved model; from here on it may be published."""
        size, digest = staged.model.stat().st_size, sha256_of(staged.model)
        path = portable(staged.target, self.spec.root)
        manifest = {
            "schema": SCHEMA,
            "file": {"name": staged.target.name, "bytes": size, "sha256": digest},
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "plugin": __version__,
            "python": platform.python_version(),
            "revision": asdict(self.revision),
            "gate": {key: value for key, value in result.to_dict().items() if key != "artifact"},
        }
        write_manifest(staged, manifest)
        return replace(result, artifact=Artifact(path, published=False, bytes=size, sha256=digest))


def _undecided(judgement: Judgement) -> str | None:
    """Return why a judgement is none, in one line."""
    if judgement.outcome is not Outcome.UNJUDGED:
        return None
    for check in judgement.checks:
        if check.fails and check.verdict is Verdict.UNJUDGED:
            return f"{check.name.replace('_', ' ')}: {check.measurement.reason}"
    return f"no budget applies: {NO_BUDGET}"


def _layers(plan: Plan) -> tuple[LayerResult, ...]:
    return tuple(
        LayerResult(layer.name, layer.units, len(layer.kept), layer.criterion, layer.reason)
        for layer in plan.layers
    )


def _named(more: Mapping[Metric, Measurement]) -> dict[str, Measurement]:
    """Return further metrics by name; they must not replace what this package measures."""
    for metric in more:
        if metric.name in KNOWN:
            raise ConfigError(f"metric {metric.name!r} is measured already, use another name")
    return {metric.name: measurement for metric, measurement in more.items()}
