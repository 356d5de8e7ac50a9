"""Collected items: gates are added, marked, checked and chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.model_names import name_for
from pytest_paoding.errors import ConfigError
from pytest_paoding.plugin.distribution.workers import report_usage
from pytest_paoding.plugin.full_session import names_files
from pytest_paoding.plugin.items import GateItem, configured_items
from pytest_paoding.plugin.markers import NAME, read_marker
from pytest_paoding.records.text.ratios import candidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_paoding.plugin.run import PaodingRun

_FIXTURES = {"paoding", "paoding_model"}


def is_gate(item: pytest.Item) -> bool:
    """Whether an item runs gates."""
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    return isinstance(item, GateItem) or not _FIXTURES.isdisjoint(fixtures)


def name_of(item: pytest.Item) -> str:
    """Return the name a test's gate has unless the test gives it another one."""
    if not isinstance(item, GateItem):
        return name_for(item.name)
    return item.model if item.ratio is None else candidate(item.model, item.ratio)


def modify_items(run: PaodingRun, session: pytest.Session, items: list[pytest.Item]) -> None:
    """Add the configured gates, mark all gates, and check or skip them.

    Raises:
        pytest.UsageError: A marker is wrong; one line for every fault.
    """
    if run.listed.models and run.listed.path is not None and not names_files(run.config):
        items.extend(configured_items(session, run.listed.path))
    gates = [item for item in items if is_gate(item)]
    for item in gates:
        if item.get_closest_marker(NAME) is None:
            item.add_marker(NAME)
    if run.switch.on:
        _check_markers(run, items)
    else:
        for item in gates:
            item.add_marker(pytest.mark.skip(reason=run.switch.reason))
    if run.config.option.paoding_only:
        _deselect_others(run.config, items, gates)


def _check_markers(run: PaodingRun, items: list[pytest.Item]) -> None:
    lines = list(dict.fromkeys(line for item in items for line in _faults(run, item)))
    if not lines:
        return
    if run.sharing.worker is None:
        raise pytest.UsageError(*lines)
    items.clear()
    report_usage(run.config, lines)


def _faults(run: PaodingRun, item: pytest.Item) -> Iterator[str]:
    try:
        read_marker(item, models=run.listed.models)
    except ConfigError as error:
        yield from str(error).split("\n")


def _deselect_others(
    config: pytest.Config, items: list[pytest.Item], gates: list[pytest.Item]
) -> None:
    chosen = set(map(id, gates))
    others = [item for item in items if id(item) not in chosen]
    items[:] = gates
    if others:
        config.hook.pytest_deselected(items=others)


def parametrize(run: PaodingRun, metafunc: pytest.Metafunc) -> None:
    """Run a test once for every configured model, and for each of several ratios, it asks for."""
    if "paoding_model" in metafunc.fixturenames and not _parametrizes_models(metafunc):
        metafunc.parametrize("paoding_model", run.listed.models, indirect=True)
    if "paoding" not in metafunc.fixturenames or not run.switch.on:
        return
    try:
        marked = read_marker(metafunc.definition, models=run.listed.models)
        ratio = run.settings.gate(model=marked.model, marker=marked.layer).ratio
    except ConfigError:
        return  # told when the items are checked, or by the gate that lacks a ratio
    if isinstance(ratio, tuple):
        names = [f"{each:g}" for each in ratio]
        metafunc.parametrize("paoding", ratio, indirect=True, ids=names)


def _parametrizes_models(metafunc: pytest.Metafunc) -> bool:
    """Whether the test itself says which models it runs on."""
    for marker in metafunc.definition.iter_markers("parametrize"):
        names = marker.args[0] if marker.args else marker.kwargs.get("argnames", ())
        listed = names.split(",") if isinstance(names, str) else names
        if "paoding_model" in map(str.strip, listed):
            return True
    return False
