"""Running one gate inside a test item, for the fixture and for configured models alike."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config import references
from pytest_paoding.config.model_names import check_name, name_for
from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.source import Source
from pytest_paoding.gate.stages import Gate, GateRun, GateSpec
from pytest_paoding.plugin.against_baseline import comparison
from pytest_paoding.plugin.itemstate import STATE, ItemState
from pytest_paoding.plugin.markers import read_marker
from pytest_paoding.plugin.run import PaodingSession
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text.ratios import Sweep, candidate, without_ratio
from pytest_paoding.reporting.properties import properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_paoding.config.settings import GateSettings
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.metrics import Metric


def _no_data() -> None:
    """The data of a gate that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an item asks of a gate.

    Attributes:
        name: Of the gate; by default that of the item.
        table: The configured model whose table applies.
        ratio: The one of several ratios that is this item's.
        path: The model's file, where there is no model yet.
        model: The model.
        data: The data for judging; by default what the configured model refers to.
        fallback: Gives the data where nothing else does.
        call: Keywords of the call.
    """

    name: str | None = None
    table: str | None = None
    ratio: float | None = None
    path: Path | None = None
    model: Any = None
    data: Any = None
    fallback: Callable[[], Any] = _no_data
    call: Mapping[str, Any] = field(default_factory=dict)


def run_gate(item: pytest.Item, request: Request) -> GateResult:
    """Run a gate and return its record; what it leaves is settled at the item's teardown.

    Raises:
        pytest.fail.Exception: The gate failed; the text is the report.
    """
    session = PaodingSession.of(item.config)
    state = item.stash[STATE]
    try:
        run = _run(session, item, state, request)
    except ConfigError as error:
        run = GateRun(_unrun(session, item, state, Outcome.UNJUDGED, _in_one_line(error)))
    except Exception as error:
        reason = f"{type(error).__name__}: {_in_one_line(error)}"
        state.runs.append(GateRun(_unrun(session, item, state, Outcome.CRASHED, reason)))
        raise
    state.runs.append(run)
    if session.settings.table.junit_properties:
        item.user_properties.extend(properties(run.result))
    if run.result.failed:
        _fail(item, state, run.result)
    return run.result


def _run(session: PaodingSession, item: pytest.Item, state: ItemState, request: Request) -> GateRun:
    spec = _spec(session, item, state, request)
    hook = item.ihook.pytest_paoding_load_model
    source = Source(spec, request.model, lambda: hook(config=item.config, spec=spec))
    compared = comparison(session, spec.name, spec.settings)
    progress = session.progress(spec.name)
    try:
        return Gate(
            engine=session.engine,
            spec=spec,
            load_model=partial(source.load, session.engine),
            load_data=partial(_load_data, item, spec, request),
            measure_more=_measures_more(item, spec),
            identify=partial(source.identify, session.engine),
            store=session.store,
            compare=compared,
            accepted=compared.entry,
            artifacts=session.settings.artifacts,
            owner=session.owner,
            forced=item.config.option.paoding_force,
            revision=session.revision,
            progress=progress,
        ).run()
    finally:
        if progress is not None:
            progress.close()


def _spec(
    session: PaodingSession, item: pytest.Item, state: ItemState, request: Request
) -> GateSpec:
    table, settings = effective(item, table=request.table, call=request.call)
    sweep = Sweep.of(settings.ratio, request.ratio)
    name = _claim(session, item, state, request.name, sweep)
    spec = GateSpec(
        name=name if sweep is None else candidate(name, sweep.ratio),
        settings=settings if sweep is None else settings.at(sweep.ratio),
        sweep=None if sweep is None else name,
        least=sweep is not None and sweep.least,
        root=session.file.root,
        path=request.path,
        data=None if table is None else session.settings.table.models[table].data,
        nodeid=item.nodeid,
        attempt=state.attempt,
        worker=session.worker,
    )
    budget = {limit.key: limit for limit in spec.settings.limits}
    hook = item.ihook.pytest_paoding_modify_budget
    hook(config=item.config, item=item, spec=spec, budget=budget)
    return replace(spec, settings=replace(spec.settings, limits=tuple(budget.values())))


def effective(
    item: pytest.Item, *, table: str | None, call: Mapping[str, Any]
) -> tuple[str | None, GateSettings]:
    """Return the configured model whose table applies to an item, and what all sources come to.

    Args:
        item: The test item, for its marker.
        table: The configured model, unless the marker names it.
        call: Keywords of a call.

    Raises:
        ConfigError: A keyword is wrong, or no source gives a ratio.
    """
    from pytest_paoding.config.tables import keywords  # noqa: PLC0415 - needs Pydantic

    session = PaodingSession.of(item.config)
    marked = read_marker(item, models=session.file.models)
    table = table or marked.model
    layer = keywords(call, where="paoding", source="call")
    return table, session.settings.gate(model=table, marker=marked.layer, call=layer)


def _claim(
    session: PaodingSession,
    item: pytest.Item,
    state: ItemState,
    given: str | None,
    sweep: Sweep | None,
) -> str:
    """Return the gate's name after making sure that no other gate has it."""
    ratio = None if sweep is None else sweep.ratio
    owner = without_ratio(item.nodeid, ratio)
    if given is None:
        name = name_for(without_ratio(item.name, ratio))
    else:
        try:
            name = check_name(given)
        except ValueError as error:
            raise ConfigError(str(error)) from None
    if any(name in {result.name, result.sweep} for result in state.results):
        raise ConfigError(f"this test has a gate {name!r} already, give each a name of its own")
    first = session.sharing.names.claim(name.casefold(), owner)
    if first != owner:
        raise ConfigError(f"gate {name!r} belongs to {first}, give this one a name of its own")
    return name


def _load_data(item: pytest.Item, spec: GateSpec, request: Request) -> Any:
    if request.data is not None:
        return request.data
    found = item.ihook.pytest_paoding_load_data(config=item.config, spec=spec)
    if found is not None:
        return found
    if spec.data is not None:
        return references.call(spec.data, root=spec.root)
    return request.fallback()


def _measures_more(
    item: pytest.Item, spec: GateSpec
) -> Callable[[Any, Any, Any], Mapping[Metric, Measurement]] | None:
    """Return what measures more; None where no hook does, so that no model need be loaded."""
    hook = item.ihook.pytest_paoding_metrics
    if not hook.get_hookimpls():
        return None

    def measure(original: Any, pruned: Any, data: Any) -> Mapping[Metric, Measurement]:
        return ChainMap(
            *hook(config=item.config, spec=spec, original=original, pruned=pruned, data=data)
        )

    return measure


def _unrun(
    session: PaodingSession, item: pytest.Item, state: ItemState, outcome: Outcome, reason: str
) -> GateResult:
    """Return the record of a gate that did not come to a judgement of its own."""
    return GateResult(
        name=name_for(item.name),
        outcome=outcome,
        nodeid=item.nodeid,
        reason=reason,
        attempts=state.attempt,
        worker=session.worker,
    )


def _in_one_line(error: Exception) -> str:
    return "; ".join(str(error).split("\n"))


def _fail(item: pytest.Item, state: ItemState, result: GateResult) -> None:
    from pytest_paoding.reporting.terminal import failure_text  # noqa: PLC0415 - needs tabulate

    try:
        pytest.fail(failure_text(result, verbose=item.config.option.verbose > 0), pytrace=False)
    except pytest.fail.Exception as failure:
        state.failure = failure
        raise
