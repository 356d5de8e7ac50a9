"""Test items for the models that [tool.paoding.models] configures: no test code needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.configfile import TABLE
from pytest_paoding.running import Request, run_gate
from pytest_paoding.session import PaodingSession

if TYPE_CHECKING:
    import os
    from pathlib import Path


class GateItem(pytest.Item):
    """The gate of one configured model, `pyproject.toml::paoding::NAME`."""

    def runtest(self) -> None:
        """Prune and judge the model; fails as the `paoding` fixture does."""
        session = PaodingSession.of(self.config)
        path = session.file.root / session.settings.table.models[self.name].path
        run_gate(self, Request(name=self.name, table=self.name, path=path))

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the file, the line of the model's table, and the gate's name."""
        file = PaodingSession.of(self.config).listed
        return self.path, file.line([*TABLE, "models", self.name]), f"paoding: {self.name}"


class GateFile(pytest.File):
    """The settings file, as the first part of a gate's node id."""

    def collect(self) -> list[GateGroup]:
        """Return the group of all gates."""
        return [GateGroup.from_parent(self, name="paoding")]


class GateGroup(pytest.Collector):
    """The second part of a gate's node id."""

    def collect(self) -> list[GateItem]:
        """Return a gate for every configured model."""
        names = PaodingSession.of(self.config).listed.models
        return [GateItem.from_parent(self, name=name) for name in names]


def configured_items(session: pytest.Session, path: Path) -> list[GateItem]:
    """Collect the gates of all configured models as pytest collects, so that it counts them too."""
    (group,) = GateFile.from_parent(session, path=path).collect()
    report = group.ihook.pytest_make_collect_report(collector=group)
    group.ihook.pytest_collectreport(report=report)
    return list(report.result)
