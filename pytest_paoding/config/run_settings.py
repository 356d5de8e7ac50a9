"""All settings of a run: the file, its table, and the command line."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.configfile import TABLE
from pytest_paoding.config.gate_settings import extent, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.config.configfile import ConfigFile
    from pytest_paoding.config.gate_settings import GateSettings, Layer
    from pytest_paoding.config.tables import PaodingTable


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run, from the file and the command line.

    Attributes:
        file: Where the table comes from.
        table: The validated table.
        command_line: What the options say.
        strict: Whether warn-level budgets count as error-level ones.
    """

    file: ConfigFile
    table: PaodingTable
    command_line: Layer = field(default_factory=dict)
    strict: bool = False

    @property
    def artifacts(self) -> Path | None:
        """The folder passing models are published in; None where they are only judged."""
        folder = self.shared["artifacts"].value
        return None if folder is None else self.file.root / folder

    @property
    def baseline(self) -> Path | None:
        """The file that results are compared with; None where there is none."""
        path = self.shared["baseline"].value
        return None if path is None else self.file.root / path

    @property
    def history(self) -> Path | None:
        """The folder with a file of each earlier run; None where none are kept."""
        path = self.shared["history"].value
        return None if path is None else self.file.root / path

    @property
    def required(self) -> tuple[str, ...]:
        """The gates that must run in a full session."""
        names: tuple[str, ...] = self.shared["require"].value
        return names

    @property
    def shared(self) -> Layer:
        """What holds for all gates that do not say otherwise."""
        layers = self.command_line, self._table
        return ChainMap(extent(layers), *map(dict, layers), dict(SETTINGS.built_in))

    @property
    def _table(self) -> Layer:
        return self.table.layer(self.source(), nested=self.source)

    def source(self, *keys: str) -> str:
        """Return the name of a table in the file, for reports."""
        return f"{self.file.label} [{'.'.join((*TABLE, *keys))}]"

    def gate(
        self, *, model: str | None = None, marker: Layer | None = None, call: Layer | None = None
    ) -> GateSettings:
        """Return the effective settings of one gate.

        Args:
            model: The configured model whose table applies.
            marker: What the test's marker says.
            call: What the call's arguments say.

        Raises:
            ConfigError: No source gives a ratio or a target, or one gives both.
        """
        own: Layer = {}
        if model is not None:
            source = self.source("models", model)
            own = self.table.models[model].layer(source, nested=lambda _: source)
        layers = (self.command_line, call or {}, marker or {}, own, self._table)
        return resolve(*layers, strict=self.strict)
