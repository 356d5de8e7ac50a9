"""Where the reports of a run go, and at its start: not where something else is, or will be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.artifacts import COMPANIONS
from pytest_paoding.gate.files.report_targets import ReportTarget, faults
from pytest_paoding.plugin.reports.standard_output import DOCUMENTS
from pytest_paoding.records.formats import ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_paoding.config.run_settings import Settings
    from pytest_paoding.plugin.run import PaodingRun

_LOST = "would be lost: name another file"
_PUBLISHED = (*ENDINGS.values(), *COMPANIONS)


def report_target(run: PaodingRun, kind: str) -> ReportTarget | None:
    """Return the file that a report is to be written to; None where there is none."""
    given = vars(run.config.option)[f"paoding_{kind}"]
    if given is None or given == "-":
        return None
    return ReportTarget(kind, given, run.config.invocation_params.dir)


def check_reports(run: PaodingRun) -> None:
    """Refuse at the start paths of reports that cannot be written, or cost what is of others.

    Raises:
        ConfigError: There are such; a line for each.
    """
    option = run.config.option
    if run.sharing.worker is not None or option.help or option.version:
        return
    targets = [each for kind in DOCUMENTS if (each := report_target(run, kind)) is not None]
    if not targets:
        return
    settings = _settings(run)
    taken = [*_taken(run), *(() if settings is None else _of_settings(settings, targets))]
    lines = [f"--paoding-{each.kind}={each.given}: {why}" for each, why in faults(targets, taken)]
    if lines:
        raise ConfigError("\n".join(lines))


def _settings(run: PaodingRun) -> Settings | None:
    """Return the settings; None where they are broken, and no gate runs that would need them."""
    try:
        return run.settings
    except ConfigError:
        if run.switch.on:
            raise
        return None


def _taken(run: PaodingRun) -> Iterator[tuple[Path, str]]:
    junit = getattr(run.config.option, "xmlpath", None)
    if junit is not None:
        path = run.config.invocation_params.dir / os.path.expanduser(os.path.expandvars(junit))  # noqa: PTH111 - as pytest
        yield path, "is where --junitxml goes too: name another file"


def _of_settings(settings: Settings, targets: list[ReportTarget]) -> Iterator[tuple[Path, str]]:
    """Yield the files that settings name, and what gates publish or may publish."""
    root, models = settings.file.root, settings.table.models
    for name, model in models.items():
        yield root / model.path, f"is the model {name}, which {_LOST}"
    if settings.file.path is not None:
        yield settings.file.path, f"holds the settings, which {_LOST}"
    if settings.baseline is not None:
        yield settings.baseline, f"is the baseline, which {_LOST}"
    folder = settings.artifacts
    if folder is None:
        return
    names = {f"{name}{each}".casefold() for name in models for each in (*_PUBLISHED, ".json")}
    for path in (each.path for each in targets):
        name = path.name.casefold()
        within = os.path.realpath(path.parent) == os.path.realpath(folder)
        if within and (name in names or name.endswith(_PUBLISHED)):
            yield path, "is where a gate publishes: name another file, or a folder of its own"
