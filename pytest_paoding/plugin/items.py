"""Test items for the models that [tool.paoding.models] configures: no test code needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.config.configfile import TABLE
from pytest_paoding.plugin.run import PaodingRun
from pytest_paoding.plugin.running import Request, run_gate

if TYPE_CHECKING:
    import os
    from pathlib import Path


class GateItem(pytest.Item):
    """The gate of a configured model, `pyproject.toml::paoding::NAME`, or of one of its ratios."""

    def __init__(self, *, model: str, ratio: float | None = None, **more: Any) -> None:
        super().__init__(**more)
        self.model = model
        self.ratio = ratio

    def runtest(self) -> None:
        """Prune and judge the model; fails as the `paoding` fixture does."""
        run = PaodingRun.of(self.config)
        path = run.file.root / run.settings.table.models[self.model].path
        run_gate(Request(self, name=self.model, table=self.model, ratio=self.ratio, path=path))

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return the file, the line of the model's table, and the gate's name."""
        file = PaodingRun.of(self.config).listed
        return self.path, file.line([*TABLE, "models", self.model]), f"paoding: {self.name}"


class GateFile(pytest.File):
    """The settings file, as the first part of a gate's node id."""

    def collect(self) -> list[GateGroup]:
        """Return the group of all gates."""
        return [GateGroup.from_parent(self, name="paoding")]


class GateGroup(pytest.Collector):
    """The second part of a gate's node id."""

    def collect(self) -> list[GateItem]:
        """Return a gate for every configured model and each of its ratios."""
        return [
            GateItem.from_parent(
                self,
                name=name if ratio is None else f"{name}[{ratio:g}]",
                model=name,
                ratio=ratio,
            )
            for name in PaodingRun.of(self.config).listed.models
            for ratio in self._ratios(name)
        ]

    def _ratios(self, name: str) -> tuple[float | None, ...]:
        run = PaodingRun.of(self.config)
        ratio = run.settings.gate(model=name).ratio if run.switch.on else None
        return ratio if isinstance(ratio, tuple) else (None,)


def configured_items(session: pytest.Session, path: Path) -> list[GateItem]:
    """Collect the gates of all configured models as pytest collects, so that it counts them too."""
    (group,) = GateFile.from_parent(session, path=path).collect()
    report = group.ihook.pytest_make_collect_report(collector=group)
    group.ihook.pytest_collectreport(report=report)
    return list(report.result)
