"""Where [tool.paoding] stands: the file, its raw table, and the lines its parts are on."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import ConfigError
from pytest_paoding.records.files.regular_files import open_regular

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

NAME = "pyproject.toml"
TABLE = ("tool", "paoding")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A TOML file, or its absence.

    Attributes:
        root: The folder relative paths and data references start from.
        path: The file; None where there is none.
        label: The file's name in messages.
        text: Its content.
        table: Its raw [tool.paoding], not yet validated.
    """

    root: Path
    path: Path | None = None
    label: str = NAME
    text: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models the table configures."""
        models = self.table.get("models")
        return tuple(models) if isinstance(models, dict) else ()

    def line(self, keys: Sequence[str]) -> int | None:
        """Return the number (from 0) of the header line of the table at `keys`."""
        return next((number for number, found in self._headers() if found == list(keys)), None)

    def key_line(self, tables: Sequence[Sequence[str]], key: str) -> int | None:
        """Return the number (from 0) of the line that sets a key in one of several tables.

        The key may stand in an inline table. Where no line sets it, the last table's header counts.
        """
        said = re.compile(rf"(?<![\w-]){re.escape(key)}(?![\w-])")
        lines, headers = self.text.splitlines(), list(self._headers())
        ends = [*(number for number, _ in headers[1:]), len(lines)]
        for table in tables:
            for (start, found), end in zip(headers, ends, strict=True):
                if found == list(table):
                    for number in range(start + 1, end):
                        if said.search(lines[number].partition("#")[0]):
                            return number
        return self.line(tables[-1])

    def _headers(self) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(self.text.splitlines()):
            if match := re.match(r"\s*\[([^\[\]]+)\]", line):
                parts = re.findall(r"\"([^\"]*)\"|'([^']*)'|([^.\s]+)", match[1])
                yield number, ["".join(part) for part in parts]


def find(*, inipath: Path | None, rootdir: Path, asked: Iterable[Path] = ()) -> Path | None:
    """Return the pyproject.toml pytest chose, else the nearest one from its settings to rootdir.

    Where pytest has no settings, it is the nearest one from all that was asked for: before 8.1
    pytest chooses no pyproject.toml that says nothing of pytest.

    Args:
        inipath: The file pytest took its own settings from.
        rootdir: pytest's root folder; nothing above it is looked at.
        asked: Files and folders with what is to be run.
    """
    if inipath is not None and inipath.name == NAME:
        return inipath
    start = _common(asked) or rootdir if inipath is None else inipath.parent
    inside = [folder for folder in (start, *start.parents) if folder.is_relative_to(rootdir)]
    candidates = (folder / NAME for folder in inside or [rootdir])
    return next((path for path in candidates if path.is_file()), None)


def _common(paths: Iterable[Path]) -> Path | None:
    """Return the innermost folder around all paths that there are; None if there are none."""
    known = [path if path.is_dir() else path.parent for path in paths if path.exists()]
    around = (known[0], *known[0].parents) if known else ()
    return next((each for each in around if all(p.is_relative_to(each) for p in known)), None)


def read(path: Path, *, rootdir: Path, required: bool = False) -> ConfigFile:
    """Read the table from a file.

    Args:
        path: A TOML file.
        rootdir: Messages name the file relative to it.
        required: Whether the table must be there.

    Raises:
        ConfigError: The file cannot be read, is no TOML or lacks a required table.
    """
    label = path.relative_to(rootdir).as_posix() if path.is_relative_to(rootdir) else str(path)
    try:
        with TextIOWrapper(open_regular(path), encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise ConfigError(f"{label}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{label}: is not valid TOML: {error}") from error
    return of_text(text, path, label=label, required=required)


def of_text(text: str, path: Path, *, label: str = NAME, required: bool = False) -> ConfigFile:
    """Read the table from the text of a file.

    Args:
        text: Its content.
        path: The file, which need not be there.
        label: Its name in messages.
        required: Whether the table must be there.

    Raises:
        ConfigError: It is no TOML or lacks a required table.
    """
    try:
        document = tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(f"{label}: is not valid TOML: {error}") from error
    table: Any = document
    for number, key in enumerate(TABLE):
        table = table.get(key, {})
        if not isinstance(table, dict):
            name = ".".join(TABLE[: number + 1])
            raise ConfigError(f"{label}: {name} is not a table, write [{'.'.join(TABLE)}]")
    if required and not table:
        raise ConfigError(f"{label}: has no [{'.'.join(TABLE)}] table")
    return ConfigFile(root=path.parent, path=path, label=label, text=text, table=table)
