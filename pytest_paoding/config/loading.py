"""Reading the table of a file: validated, and held against what it may still lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from pytest_paoding.config.checks import missing
from pytest_paoding.config.config_errors import faults_of, in_file
from pytest_paoding.config.run_settings import Settings
from pytest_paoding.config.tables import NESTED, TABLES, ModelTable, PaodingTable
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.formats import EXPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from pytest_paoding.config.configfile import ConfigFile
    from pytest_paoding.config.gate_settings import Layer


def load(file: ConfigFile, *, command_line: Layer, strict: bool = False) -> Settings:
    """Validate a file's table and what the configured models' gates come to.

    Raises:
        ConfigError: With one line for every fault.
    """
    try:
        table = PaodingTable.of_file(file.table)
    except ValidationError as error:
        faults = faults_of(error)
        lines = [in_file(f, file, _known(f.tables), _nested(f.tables)) for f in faults]
        raise ConfigError("\n".join(lines)) from None
    settings = Settings(file, table, command_line, strict)
    if lines := missing(settings):
        raise ConfigError("\n".join(lines))
    return settings


def _known(tables: tuple[str, ...]) -> tuple[str, ...]:
    innermost = PaodingTable if not tables else _innermost(tables)
    return tuple(innermost.model_fields)


def _innermost(tables: tuple[str, ...]) -> type[BaseModel]:
    if tables[-1] in EXPORTED:
        return TABLES[".".join(tables[-2:])]
    return TABLES.get(tables[-1], ModelTable)


def _nested(tables: tuple[str, ...]) -> Mapping[str, str]:
    """Return which keys belong in a table of their own; within a format's budget none do."""
    return {} if tables and tables[-1] in EXPORTED else NESTED
