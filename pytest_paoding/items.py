"""Test items for the models that [tool.paoding.models] configures: no test code needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_paoding.configfile import TABLE
from pytest_paoding.running import Request, run_gate
from pytest_paoding.session import PaodingSession

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_paoding.configfile import ConfigFile


class GateItem(pytest.Item):
    """The gate of one configured model, `pyproject.toml::paoding::NAME`."""

    def runtest(self) -> None:
        """Prune and judge the model; fails as the `paoding` fixture does."""
        session = PaodingSession.of(self.config)
        table = session.settings.table.models[self.name]
        path = session.settings.file.root / table.path
        run_gate(self, Request(name=self.name, table=self.name, path=path, reference=table.data))

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the file, the line of the model's table, and the gate's name."""
        file = PaodingSession.of(self.config).listed
        return self.path, file.line([*TABLE, "models", self.name]), f"paoding: {self.name}"


class _ConfigFile(pytest.File):
    def collect(self) -> list[pytest.Item]:
        return []


class _Gates(pytest.Collector):
    def collect(self) -> list[pytest.Item]:
        return []


def configured_items(session: pytest.Session, file: ConfigFile, path: Path) -> Iterator[GateItem]:
    """Yield an item for every configured model."""
    parent = _ConfigFile.from_parent(session, path=path)
    gates = _Gates.from_parent(parent, name="paoding")
    for name in file.models:
        yield GateItem.from_parent(gates, name=name)
