"""One gate without pytest: what the commands that prune a file have in common."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.arguments import read_data
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.references import References
from pytest_paoding.engine.keras_engine import KerasEngine
from pytest_paoding.errors import ConfigError, PaodingError
from pytest_paoding.gate.replaceable import Publication
from pytest_paoding.gate.source import Source
from pytest_paoding.gate.stages import Gate, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.text.ratios import AUTO
from pytest_paoding.reporting.progress import Progress, TerminalLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Unpack

    from pytest_paoding.config.gate_settings import Layer
    from pytest_paoding.gate.artifacts import Staged
    from pytest_paoding.records.plan import Plan
    from pytest_paoding.records.protocol import Engine, Pruning
    from pytest_paoding.records.protocol import Progress as Told
    from pytest_paoding.records.results import GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a command asks of a gate.

    Attributes:
        source: The model's file.
        layer: What the arguments say.
        data: Name of the data to judge on.
        plan: The plan to prune by, in place of a ratio or a target.
        output: The file to write, or a link to it, which stays; None to only judge.
        force: Whether a model over budget is written too.
    """

    source: Path
    layer: Layer
    data: str | None = None
    plan: Plan | None = None
    output: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate found for a command.

    Attributes:
        result: Its record.
        plan: What was pruned.
        staged: The files, where they may be written.
        model: The model it has judged, with a graph that can be read.
    """

    result: GateResult
    plan: Plan
    staged: Staged | None
    model: Any

    @property
    def missed(self) -> bool:
        """Whether there are budgets, and not all of them hold."""
        return bool(self.result.checks) and self.result.outcome is not Outcome.WITHIN_BUDGET


def judged(errand: Errand) -> Judged:
    """Prune and judge a model file.

    Raises:
        PaodingError: The file cannot be loaded, pruned, judged or written.
    """
    engine, settings = PlanningEngine(errand.plan), resolve(errand.layer)
    if settings.ratio == AUTO and not settings.limits:
        raise ConfigError("ratio auto needs a budget to search within, such as max_accuracy_decay")
    source = Source(engine, errand.source, model=None, hook=lambda: None)
    target = None if errand.output is None else Path(os.path.realpath(errand.output))
    spec = GateSpec(
        name=(target or errand.source).stem,
        settings=settings,
        root=Path.cwd(),
        path=errand.source,
        data=errand.data,
    )
    with _progress(errand.source.name) as progress:
        bench = _bench(engine, source, spec, progress)
        done = Gate(
            spec=spec,
            bench=bench,
            find_model=source.find,
            artifacts=None if target is None else target.parent,
            publication=_publication(errand, limited=bool(settings.limits)),
            owner=os.getpid(),
        ).run()
    if not done.result.metrics:
        raise PaodingError(str(done.result.reason))
    result = replace(done.result, duration=time.perf_counter() - engine.started)
    return Judged(result, engine.plans[result.ratio], done.staged, bench.original)


def _bench(engine: Engine, source: Source, spec: GateSpec, progress: Told | None) -> Workbench:
    references, data = References(spec.root), spec.data
    return Workbench(
        engine=engine,
        load_model=source.load,
        load_data=lambda: source.look_early(None if data is None else read_data(data, references)),
        references=references,
        input_shape=spec.settings.effective["input_shape"].value,
        progress=progress,
    )


@contextmanager
def _progress(name: str) -> Iterator[Told | None]:
    """Show progress on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    progress = Progress(TerminalLine(_StandardError()), name)
    try:
        yield progress
    finally:
        progress.close()


def _publication(errand: Errand, *, limited: bool) -> Publication:
    """Return what is written: whatever was made where nothing limits it, else what holds."""
    if not limited:
        outcomes = {Outcome.UNJUDGED}
    else:
        outcomes = {Outcome.WITHIN_BUDGET, *([Outcome.OVER_BUDGET] if errand.force else [])}
    return Publication(frozenset(outcomes), manifest=False)


class PlanningEngine(KerasEngine):
    """The engine of one command.

    Attributes:
        plan: What it prunes by, in place of settings.
        plans: What it has pruned, by ratio.
        started: When the model was loaded; how long TensorFlow takes to start says nothing.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan
        self.plans: dict[float | None, Plan] = {}
        self.started = time.perf_counter()

    def load_model(self, path: Path) -> Any:
        """Return the model in a file."""
        model = super().load_model(path)
        self.started = time.perf_counter()
        return model

    def prune(
        self, model: Any, *, progress: Told | None = None, **settings: Unpack[Pruning]
    ) -> Any:
        """Return a smaller model, by the plan if there is one."""
        if self.plan is None:
            pruned = super().prune(model, progress=progress, **settings)
        else:
            pruned = self.apply(model, self.plan)
        self.plans[settings["ratio"] if pruned.ratio is None else pruned.ratio] = pruned.plan
        return pruned


@dataclass(frozen=True, slots=True)
class _StandardError:
    """Where progress is shown: one line that is written over."""

    def ensure_newline(self) -> None:
        """Do nothing: the line is begun and ended here."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Write over the present line."""
        sys.stderr.write(f"\r{line}" + "\x1b[K" * erase)

    def flush(self) -> None:
        """Let the terminal have what was written."""
        sys.stderr.flush()
