"""Running one gate inside a test item, for the fixture and for configured models alike."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.model_names import check_name, name_for
from pytest_paoding.config.references import References
from pytest_paoding.errors import RAISED, ChildError, ConfigError
from pytest_paoding.gate.artifacts import discard
from pytest_paoding.gate.early_checks import require_passes
from pytest_paoding.gate.regression import Comparison
from pytest_paoding.gate.source import Source
from pytest_paoding.gate.stages import Gate, GateOutcome, GateSpec
from pytest_paoding.gate.workbench import Workbench
from pytest_paoding.plugin.attempts import ATTEMPT, ItemAttempt
from pytest_paoding.plugin.distribution.carried import require_readable, unreadable
from pytest_paoding.plugin.markers import read_marker
from pytest_paoding.plugin.run import PaodingRun
from pytest_paoding.plugin.workplace import Workplace, workplace
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.note import loud
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text.ratios import Sweep, candidate, without_ratio
from pytest_paoding.reporting.properties import properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_paoding.config.gate_settings import GateSettings
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.metrics import Metric


@dataclass(frozen=True, slots=True)
class Request:
    """What an item asks of a gate.

    Attributes:
        item: The test item.
        name: Name of the gate; by default that of the item.
        table: The configured model whose table applies.
        ratio: The one of several ratios that is this item's.
        path: The model's file, where there is no model yet.
        model: The model.
        data: The data for judging; by default what the configured model refers to.
        fallback: Gives the data where nothing else does.
        call: Keywords of the call.
    """

    item: pytest.Item
    name: str | None = None
    table: str | None = None
    ratio: float | None = None
    path: Path | None = None
    model: Any = None
    data: Any = None
    fallback: Callable[[], Any] = lambda: None
    call: Mapping[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> PaodingRun:
        """The run that the item belongs to."""
        return PaodingRun.of(self.item.config)

    @property
    def attempt(self) -> ItemAttempt:
        """The present attempt at the item."""
        return self.item.stash[ATTEMPT]

    def unrun(self, outcome: Outcome, reason: str) -> GateOutcome:
        """Return the outcome of a gate that broke off before a judgement."""
        return GateOutcome(
            GateResult(
                name=name_for(self.item.name),
                outcome=outcome,
                nodeid=self.item.nodeid,
                reason=reason.replace("\n", "; "),
                attempts=self.attempt.number,
                worker=self.run.sharing.worker,
            )
        )


def run_gate(request: Request) -> GateResult:
    """Run a gate and return its record; what it leaves is settled at the item's teardown.

    Raises:
        pytest.fail.Exception: The gate failed; the text is the report.
    """
    item, attempt = request.item, request.attempt
    try:
        done = _readable(request, _run(request))
    except ConfigError as error:
        done = request.unrun(Outcome.UNJUDGED, str(error))
    except ChildError as error:
        done = request.unrun(Outcome.CRASHED, str(error))
        if error.__cause__ is not None:  # code that it ran has raised, there and here
            attempt.gates.append(done)
            raise
    except RAISED as error:
        reason = f"{type(error).__name__}: {error}"
        attempt.gates.append(request.unrun(Outcome.CRASHED, reason))
        raise
    silenced = request.run.settings.shared["silence"].value
    done = replace(done, result=replace(done.result, notes=loud(done.result.notes, silenced)))
    attempt.gates.append(done)
    if request.run.settings.shared["junit_properties"].value:
        item.user_properties.extend(properties(done.result))
    if done.result.failed:
        _fail(request, done.result)
    return done.result


def _readable(request: Request, done: GateOutcome) -> GateOutcome:
    """Return what a gate has found, or a defect where an engine or a hook left what none reads."""
    try:
        require_readable(done.result)
    except Exception as error:  # noqa: BLE001 - there is no end to what it may be
        if done.staged is not None:
            discard(done.staged.folder)
        return request.unrun(Outcome.CRASHED, unreadable(error))
    return done


def _run(request: Request) -> GateOutcome:
    spec = _spec(request)
    with workplace(request.run, spec.settings) as place:
        return _run_at(place, request, spec)


def _run_at(place: Workplace, request: Request, spec: GateSpec) -> GateOutcome:
    item, run = request.item, request.run
    hook = partial(item.ihook.pytest_paoding_load_model, config=item.config, spec=spec)
    source = Source(place.engine, spec.path, model=request.model, hook=hook)
    update = item.config.option.paoding_update_baseline
    compared = Comparison.of(run.baseline, spec.name, spec.settings.limits, update=update)
    progress = run.progress(spec.name)
    bench = Workbench(
        engine=place.engine,
        load_model=source.load,
        load_data=partial(_looked_at, request, spec, place.references, source),
        references=place.references,
        identify=source.identify,
        input_shape=spec.settings.effective["input_shape"].value,
        store=run.sharing.store,
        progress=progress,
    )
    try:
        return Gate(
            spec=spec,
            bench=bench,
            find_model=source.find,
            measure_more=_measures_more(place, request, spec),
            compare=compared,
            accepted=compared.entry,
            artifacts=run.settings.artifacts,
            owner=run.sharing.owner,
            forced=item.config.option.paoding_force,
            revision=run.revision,
        ).run()
    finally:
        if progress is not None:
            progress.close()


def _spec(request: Request) -> GateSpec:
    item, run = request.item, request.run
    table, settings = effective(item, table=request.table, call=request.call)
    sweep = Sweep.of(settings.ratio, request.ratio)
    name = _claim(request, sweep)
    spec = GateSpec(
        name=name if sweep is None else candidate(name, sweep.ratio),
        settings=settings if sweep is None else settings.at(sweep.ratio),
        sweep=None if sweep is None else name,
        least=sweep is not None and sweep.least,
        root=run.file.root,
        path=request.path,
        data=None if table is None else run.settings.table.models[table].data,
        nodeid=item.nodeid,
        attempt=request.attempt.number,
        worker=run.sharing.worker,
    )
    budget = {limit.key: limit for limit in spec.settings.limits}
    hook = item.ihook.pytest_paoding_modify_budget
    hook(config=item.config, item=item, spec=spec, budget=budget)
    return replace(spec, settings=replace(spec.settings, limits=tuple(budget.values())))


def effective(
    item: pytest.Item, *, table: str | None, call: Mapping[str, Any]
) -> tuple[str | None, GateSettings]:
    """Return the configured model whose table applies to an item, and its effective settings.

    Args:
        item: The test item, for its marker.
        table: The configured model, unless the marker names it.
        call: Keywords of a call.

    Raises:
        ConfigError: A keyword is wrong, or no source gives a ratio.
    """
    from pytest_paoding.config.tables import keywords  # noqa: PLC0415 - needs Pydantic

    run = PaodingRun.of(item.config)
    marked = read_marker(item, models=run.file.models)
    table = table or marked.model
    layer = keywords(call, where="paoding", source="call")
    return table, run.settings.gate(model=table, marker=marked.layer, call=layer)


def _claim(request: Request, sweep: Sweep | None) -> str:
    """Return the gate's name after making sure that no other gate has it."""
    ratio = None if sweep is None else sweep.ratio
    owner = without_ratio(request.item.nodeid, ratio)
    if request.name is None:
        name = name_for(without_ratio(request.item.name, ratio))
    else:
        try:
            name = check_name(request.name)
        except ValueError as error:
            raise ConfigError(str(error)) from None
    if any(name in {result.name, result.sweep} for result in request.attempt.results):
        raise ConfigError(f"this test has a gate {name!r} already, give each a name of its own")
    first = request.run.sharing.names.claim(name.casefold(), owner)
    if first != owner:
        raise ConfigError(f"gate {name!r} belongs to {first}, give this one a name of its own")
    return name


def _looked_at(request: Request, spec: GateSpec, references: References, source: Source) -> Any:
    """Return the data for judging, unless it is known at once that they are of no use."""
    data = _load_data(request, spec, references)
    require_passes(spec.settings, data)
    return source.look_early(data)


def _load_data(request: Request, spec: GateSpec, references: References) -> Any:
    if request.data is not None:
        return request.data
    item = request.item
    found = item.ihook.pytest_paoding_load_data(config=item.config, spec=spec)
    if found is not None:
        return found
    if spec.data is not None:
        return references.call(spec.data)
    return request.fallback()


def _measures_more(
    place: Workplace, request: Request, spec: GateSpec
) -> Callable[[Any, Any, Any], Mapping[Metric, Measurement]] | None:
    """Return the hook for further metrics; None without one, so that no model need be loaded.

    It is code of this process, to which models of a child are brought, and data are given anew.
    """
    item = request.item
    hook = item.ihook.pytest_paoding_metrics
    if not hook.get_hookimpls():
        return None

    def measure(original: Any, pruned: Any, data: Any) -> Mapping[Metric, Measurement]:
        if place.child is not None:
            data = _load_data(request, spec, References(spec.root))
        models = {"original": place.here(original), "pruned": place.here(pruned)}
        return ChainMap(*hook(config=item.config, spec=spec, **models, data=data))

    return measure


def _fail(request: Request, result: GateResult) -> None:
    from pytest_paoding.reporting.terminal import failure_text  # noqa: PLC0415 - needs tabulate

    verbose = request.item.config.option.verbose > 0
    try:
        pytest.fail(failure_text(result, verbose=verbose), pytrace=False)
    except pytest.fail.Exception as failure:
        request.attempt.failure = failure
        raise
