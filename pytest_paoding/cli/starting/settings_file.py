"""The file that a first [tool.paoding] is appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.config.configfile import TABLE, of_text
from pytest_paoding.config.loading import load
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.files.regular_files import open_regular

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = f"[{'.'.join(TABLE)}]"


def text_without_table(path: Path) -> str:
    """Return the content of a TOML file that has no [tool.paoding] yet; empty where there is none.

    Raises:
        ConfigError: It has one, is no TOML, or cannot be read.
    """
    try:
        with open_regular(path) as opened:
            text = opened.read().decode()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path.name}: is not valid TOML: {error}") from error
    file = of_text(text, path)
    if file.table or file.line(TABLE) is not None:
        raise ConfigError(
            f"{path.name}: has a {_HEADER} table already, which is left as it is: print another"
            " with --print"
        )
    return text


def with_table(text: str, table: str, path: Path) -> str:
    """Return the content of a TOML file with a table at its end, in the file's own kind of lines.

    Raises:
        ConfigError: The table cannot stand there, or its settings are not valid.
    """
    ends = "\r\n" if "\r\n" in text else "\n"
    before = f"{text.rstrip()}{ends}{ends}" if text.strip() else ""
    whole = before + table.replace("\n", ends) + ends
    try:
        load(of_text(whole, path, required=True), command_line={})
    except ConfigError as error:
        raise ConfigError(
            f"{_HEADER} cannot be appended, print it with --print: {error}"
        ) from error
    return whole
