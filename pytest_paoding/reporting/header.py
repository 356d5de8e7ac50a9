"""The line at the start of a run: the settings that all gates share, with their sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.budgets import Level
from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.records.text.jsonable import plain_value
from pytest_paoding.version import __version__

if TYPE_CHECKING:
    from pytest_paoding.config.run_settings import Settings


_KEYS = ("ratio", "target", "strategy", "seed")


def header(settings: Settings) -> str:
    """Return version, shared settings with their sources, number of models, and the file."""
    models = settings.table.models
    shared = settings.shared
    found = [(key, shared[key]) for key in _KEYS if key in shared and shared[key].value is not None]
    told = [f"{key} {plain_value(each.value)} ({each.source})" for key, each in found]
    parts = [__version__, *told]
    parts.append(f"{len(models)} model{'s' * (len(models) != 1)}")
    if settings.file.path is not None:
        parts.append(f"settings from {settings.file.label}")
    levels = {limit.level for name in models for limit in settings.gate(model=name).limits}
    if levels == {Level.WARN}:
        parts.append("advisory: every budget only warns")
    return as_line(f"paoding: {', '.join(parts)}")
