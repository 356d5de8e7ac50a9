"""What valid settings may still lack: a ratio, a budget, a baseline, a format that is limited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.config.configfile import TABLE
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import NO_BUDGET
from pytest_paoding.records.formats import EXPORTED
from pytest_paoding.records.metrics import LIMIT_TABLES, REGRESSIONS
from pytest_paoding.records.optional_packages import lacking_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_paoding.config.gate_settings import GateSettings
    from pytest_paoding.config.run_settings import Settings
    from pytest_paoding.config.tables import GateTable


def missing(settings: Settings) -> list[str]:
    """Return a line for every configured gate that lacks a ratio, a target or budgets."""
    for name in LIMIT_TABLES:
        table = dict(settings.table)[name]
        if table is not None and not table.model_fields_set:
            return [f"{settings.file.label}: [tool.paoding.{name}] is empty: {NO_BUDGET}"]
    try:
        lines = _idle_baseline(settings)
    except ConfigError as error:  # what holds for all contradicts itself
        return [f"{settings.file.label}: [tool.paoding] {error}"]
    for name in settings.table.models:
        place = f"{settings.file.label}: [tool.paoding.models.{name}]"
        try:
            gate = settings.gate(model=name)
        except ConfigError as error:
            lines.append(f"{place} {error}")
        else:
            lines += [] if gate.limits else [f"{place} no budget applies: {NO_BUDGET}"]
            lines += _without_baseline(settings, gate, place)
    return lines + _idle_formats(settings) + _unsigned(settings)


def _unsigned(settings: Settings) -> list[str]:
    """Return a line for everything that a signature or a bill of materials lacks."""
    shared, place = settings.shared, f"{settings.file.label}: [tool.paoding]"
    asked = [name for name in ("bom", "sign") if shared[name].value]
    lines = [f"{place} {reason}" for name in asked if (reason := lacking_for(name))]
    key = shared["sign_key"].value
    if shared["sign"].value == "key" and key is None:
        lines.append(f'{place} sign = "key" needs a key: set sign_key')
    elif shared["sign"].value == "key" and not (settings.file.root / key).is_file():
        lines.append(f"{place} sign_key: there is no file {key}")
    return lines


def _idle_formats(settings: Settings) -> list[str]:
    """Return a line for every table of limits on a format that nothing in the file asks for."""
    if "formats" in settings.command_line:
        return []
    general, models = settings.table, settings.table.models
    anywhere = {name for each in (general, *models.values()) for name in each.formats or ()}
    asked: list[tuple[tuple[str, ...], GateTable, Collection[str]]] = [((), general, anywhere)]
    for name, table in models.items():
        asked.append((("models", name), table, table.formats or general.formats or ()))
    return [
        f"{settings.file.label}: [{'.'.join((*TABLE, *keys, limits, name))}] nothing is exported"
        f" as {name}: add it to formats"
        for keys, table, formats in asked
        for limits in LIMIT_TABLES
        for name in EXPORTED
        if dict(dict(table)[limits] or ()).get(name) is not None and name not in formats
    ]


def _idle_baseline(settings: Settings) -> list[str]:
    tables = [settings.table, *settings.table.models.values()]
    held = {key.partition("@")[0] for key in settings.command_line} & REGRESSIONS.keys()
    if settings.baseline is None or held or any(table.regression for table in tables):
        return []
    what = "baseline is set, but nothing is compared with it"
    remedy = "set a limit in [tool.paoding.regression], such as max_size_increase"
    return [f"{settings.file.label}: [tool.paoding] {what}: {remedy}"]


def _without_baseline(settings: Settings, gate: GateSettings, place: str) -> list[str]:
    compared = [limit.metric.key for limit in gate.limits if limit.metric.key in REGRESSIONS]
    if not compared or settings.baseline is not None:
        return []
    return [f"{place} {compared[0]} needs a baseline: set baseline in [tool.paoding]"]
