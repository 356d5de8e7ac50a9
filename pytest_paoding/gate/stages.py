"""One gate: load a model, prune it, measure what that cost, judge, and stage what passed.

It knows neither pytest nor TensorFlow: the engine that does the work is handed in.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ConfigError, PaodingError
from pytest_paoding.gate.artifacts import (
    Staged,
    discard,
    open_staging,
    recorded,
    same_content,
    write_manifest,
)
from pytest_paoding.gate.early_checks import check_early
from pytest_paoding.gate.files.manifests import manifest_of
from pytest_paoding.gate.machine import machine
from pytest_paoding.gate.notes import notes, notes_on_files
from pytest_paoding.gate.ratio_search import MOST_TRIALS, largest, strain_of
from pytest_paoding.gate.replaceable import Publication, require_replaceable
from pytest_paoding.gate.stopwatch import Stopwatch
from pytest_paoding.records.baseline import Entry
from pytest_paoding.records.budgets import NO_BUDGET, Outcome, Verdict, judge
from pytest_paoding.records.formats import ENDINGS, KERAS
from pytest_paoding.records.metrics import KNOWN, Metric, better_values
from pytest_paoding.records.results import GateResult, Trial
from pytest_paoding.records.runs.revision import Revision
from pytest_paoding.records.text.jsonable import plain_measurement, portable
from pytest_paoding.records.text.printing import title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.config.gate_settings import GateSettings
    from pytest_paoding.gate.workbench import Workbench
    from pytest_paoding.records.measurement import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec:
    """What a gate is asked to do.

    Attributes:
        name: Name of the gate.
        settings: Its effective settings.
        root: Folder that relative paths and data references start from.
        path: The model's file, where it comes from one.
        data: `package.module:callable` that gives the data for judging.
        sweep: The name this gate competes for with others of its sweep; the name of its file.
        least: Whether its ratio is the smallest of the sweep, which has to hold.
        nodeid: The test item that runs it.
        attempt: Number of this run of the item, from 1.
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

    def record(self, ratio: float | None = None) -> GateResult:
        """Return the gate's record before anything is found, at one of the ratios it may try."""
        return GateResult(
            name=self.name,
            outcome=Outcome.UNJUDGED,
            nodeid=self.nodeid,
            source=None if self.path is None else portable(self.path, self.root),
            settings=self.settings.at(ratio).shown,
            sweep=self.sweep,
            attempts=self.attempt,
            worker=self.worker,
        )


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """A gate's record, and its files where they may be published."""

    result: GateResult
    staged: Staged | None = None


@dataclass(slots=True, kw_only=True)
class Gate:
    """A gate, ready to run once.

    Attributes:
        spec: What to do.
        bench: The model and its data, and the engine that does the work.
        find_model: Makes sure that there is a model, before anything else is done.
        measure_more: Gives further metrics of (original, pruned, data), if there are any.
        compare: Gives the regressions of what was measured, in the form of a baseline's entry.
        accepted: The baseline's entry that the gate is compared with.
        artifacts: Folder to publish in; None to only judge.
        publication: What is published.
        owner: Process whose death makes staged files stale.
        forced: Reason for publishing even over budget.
        revision: The commit to record.
        now: The record so far, at the ratio at hand; kept when something fails half-way.
        trials: Ratios tried so far.
    """

    spec: GateSpec
    bench: Workbench
    find_model: Callable[[], None] = lambda: None
    measure_more: Callable[[Any, Any, Any], Mapping[Metric, Measurement]] | None = None
    compare: Callable[[Entry], Mapping[str, Measurement]] = lambda _: {}
    accepted: Entry | None = None
    artifacts: Path | None = None
    publication: Publication = field(default_factory=Publication)
    owner: int = 0
    forced: str | None = None
    revision: Revision = field(default_factory=Revision)
    now: GateResult = field(init=False)
    trials: list[Trial] = field(default_factory=list, init=False)
    _watch: Stopwatch = field(default_factory=Stopwatch, init=False)

    def run(self) -> GateOutcome:
        """Run the gate.

        A `PaodingError` on the way makes it UNJUDGED; every other exception is a defect and passes
        through. In both cases nothing stays behind.
        """
        self.bench.progress = self._watch = Stopwatch(self.bench.progress)
        self.now = self.spec.record()
        with ExitStack() as cleanup:
            try:
                staged = self._open(cleanup)
                result = self._judged(staged)
                if not self._publishes(result):
                    return GateOutcome(result)
                result = self._stage(result, staged)
                cleanup.pop_all()
                return GateOutcome(result, staged)
            except PaodingError as error:
                self._note(outcome=Outcome.UNJUDGED, checks=())
                return GateOutcome(self._result(str(error)))

    def _open(self, cleanup: ExitStack) -> Staged:
        """Open a folder to save in before any work: without it the work would be in vain."""
        folder = open_staging(self.artifacts or Path(tempfile.gettempdir()), owner=self.owner)
        cleanup.callback(discard, folder)
        target = folder.parent / f"{self.spec.target}{ENDINGS[KERAS]}"
        if self.artifacts is not None:
            require_replaceable(target, self.spec.path, manifest=self.publication.manifest)
        return Staged(folder, target, self.spec.settings.exported)

    def _judged(self, staged: Staged) -> GateResult:
        """Work, with the help of the store unless it gives another model than its record names."""
        while True:
            self._work(staged)
            result = self._result(_undecided(self.now))
            known = not self._publishes(result) or same_content(staged.model, staged.target)
            if known or self.bench.is_genuine(staged.model, result.digest_after):
                return result
            self.bench.distrust()
            self.trials.clear()

    def _publishes(self, result: GateResult) -> bool:
        return self.artifacts is not None and result.outcome in self.publication.outcomes

    def _work(self, staged: Staged) -> None:
        """Prune, save, measure and judge at the given ratio or target, or search for a ratio."""
        self.find_model()
        if staged.exported:  # without the packages the work would be in vain
            self.bench.engine.versions(staged.exported)
        ratio = self.spec.settings.ratio
        if ratio is None or isinstance(ratio, float):
            self._attempt(ratio, staged)
            return
        spare = replace(staged, folder=staged.folder / "trial")
        spare.folder.mkdir(exist_ok=True)
        held = False

        def attempt(tried: float) -> GateResult:
            nonlocal held
            number = len(self.trials) + 1
            self._watch.within = f"trial {number} of {MOST_TRIALS} at {tried:g}, "
            found = self._attempt(tried, spare)
            compared = {check.name: check.compared for check in found.checks}
            self.trials.append(Trial(tried, found.outcome, compared))
            holds = strain_of(found) <= 1
            if holds or not held:  # the files shall be those of what `largest` returns
                for name, file in spare.files.items():
                    file.replace(staged.files[name])
            held |= holds
            return found

        self.now = largest(attempt, strain=strain_of)

    def _note(self, **found: Any) -> None:
        self.now = replace(self.now, **found)

    def _attempt(self, ratio: float | None, into: Staged) -> GateResult:
        settings, bench = self.spec.settings.at(ratio), self.bench
        self.now = self.spec.record(ratio)
        check_early(settings, bench.data, bench.references)
        cut = bench.prune(settings, into.model)
        self._note(layers=cut.layers, digest_before=cut.original, digest_after=cut.digest)
        self._note(settings=settings.at(cut.ratio).pruned_for(cut.input_shape).shown)
        exports = bench.export(settings, cut, into.exports)
        self._note(notes=notes_on_files(cut.notes, exports.notes))
        measured = bench.measure(settings, cut, exports)
        self._note(breakdown=measured.breakdown)
        own: Mapping[Metric, Measurement] = {}
        if self.measure_more is not None:
            own = self.measure_more(bench.given, bench.model(cut), bench.data)
        metrics = {
            name: plain_measurement(measurement)
            for name, measurement in {
                **measured,
                **_named(own),
                **cut.metrics,
                **exports.sizes,
            }.items()
        }
        better = better_values((*own, *(limit.metric for limit in settings.limits)))
        metrics |= self.compare(Entry.of_metrics(metrics, better))
        judgement = judge(settings.limits, metrics)
        self._note(metrics=metrics, checks=judgement.checks, outcome=judgement.outcome)
        self._note(better=better)
        return self.now

    def _result(self, reason: str | None) -> GateResult:
        spent = self._watch.stop()
        outcome, digest = self._outcome(), self.now.digest_before or self.bench.known_digest
        result = replace(
            self.now,
            outcome=outcome,
            reason=reason,
            digest_before=digest,
            forced=self.forced if outcome is Outcome.FORCED else None,
            trials=tuple(self.trials),
            versions=self._versions() if digest else {},
            machine=machine(),
            reused=bool(self.bench.kept.taken) and not self.bench.kept.made,
            duration=sum(spent.values()),
            spent=spent,
            notes=(*self.now.notes, *self.bench.kept.remarks),
        )
        if outcome is Outcome.UNJUDGED:
            return result
        checks = () if self.spec.sweep else result.checks  # there limits are loose on purpose
        entry = Entry.from_result(result)
        found = notes(checks, result.metrics, old=self.accepted, new=entry)
        return replace(result, notes=(*result.notes, *found))

    def _versions(self) -> dict[str, str]:
        engine, formats = self.bench.engine, self.spec.settings.exported
        return dict(engine.versions(formats) if formats else engine.versions())

    def _outcome(self) -> Outcome:
        over = self.now.outcome is Outcome.OVER_BUDGET
        if over and self.spec.sweep is not None and not self.spec.least:
            return Outcome.REJECTED
        return Outcome.FORCED if over and self.forced else self.now.outcome

    def _stage(self, result: GateResult, staged: Staged) -> GateResult:
        """Put the manifest beside the saved files; from here on they may be published."""
        artifact = recorded(staged, self.spec.root)
        write_manifest(staged, manifest_of(result, artifact, self.revision))
        return replace(result, artifact=artifact)


def _undecided(record: GateResult) -> str | None:
    """Return why a gate is unjudged, in one line."""
    if record.outcome is not Outcome.UNJUDGED:
        return None
    for check in record.checks:
        if check.fails and check.verdict is Verdict.UNJUDGED:
            return f"{title(check.name)}: {check.measurement.reason}"
    return f"no budget applies: {NO_BUDGET}"


def _named(more: Mapping[Metric, Measurement]) -> dict[str, Measurement]:
    """Return further metrics by name; they must not replace what this package measures."""
    for metric in more:
        if metric.name in KNOWN:
            raise ConfigError(f"metric {metric.name!r} is measured already, use another name")
    return {metric.name: measurement for metric, measurement in more.items()}
