"""What happens to test items once they are collected: gates are added, marked, checked, chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.model_names import name_for
from pytest_paoding.errors import ConfigError
from pytest_paoding.plugin.full_session import names_files
from pytest_paoding.plugin.items import GateItem, configured_items
from pytest_paoding.plugin.markers import NAME, read_marker
from pytest_paoding.records.text.ratios import candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.plugin.run import PaodingSession

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


def modify_items(run: PaodingSession, session: pytest.Session, items: list[pytest.Item]) -> None:
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


def _check_markers(run: PaodingSession, items: list[pytest.Item]) -> None:
    lines = list(dict.fromkeys(line for item in items for line in _faults(run, item)))
    if not lines:
        return
    if run.worker is None:
        raise pytest.UsageError(*lines)
    # A usage error in a worker would look like a crash: the controller raises it instead.
    items.clear()
    run.config.workeroutput["paoding_usage"] = lines  # type: ignore[attr-defined]


def _faults(run: PaodingSession, item: pytest.Item) -> list[str]:
    try:
        read_marker(item, models=run.listed.models)
    except ConfigError as error:
        return str(error).split("\n")
    return []


def _deselect_others(
    config: pytest.Config, items: list[pytest.Item], gates: list[pytest.Item]
) -> None:
    chosen = set(map(id, gates))
    others = [item for item in items if id(item) not in chosen]
    items[:] = gates
    if others:
        config.hook.pytest_deselected(items=others)


def parametrize_models(run: PaodingSession, metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `paoding_model` once for every configured model."""
    if "paoding_model" not in metafunc.fixturenames:
        return
    if any(
        "paoding_model" in _names(marker)
        for marker in metafunc.definition.iter_markers("parametrize")
    ):
        return
    metafunc.parametrize("paoding_model", run.listed.models, indirect=True)


def parametrize_ratios(run: PaodingSession, metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `paoding` once for each of several ratios."""
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


def _names(marker: pytest.Mark) -> Sequence[str]:
    names = marker.args[0] if marker.args else marker.kwargs.get("argnames", ())
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
