"""`python -m pytest_paoding init`: settings for the models of a project, from a measured run."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from pytest_paoding.cli.arguments import SOURCE, add_settings
from pytest_paoding.cli.judging import Errand, judged
from pytest_paoding.cli.own_modules import add_imports
from pytest_paoding.cli.reading import save, write
from pytest_paoding.cli.starting.beginning import Beginning, MeasuredModel
from pytest_paoding.cli.starting.data_skeleton import FILE
from pytest_paoding.cli.starting.model_search import model_files
from pytest_paoding.cli.starting.settings_file import text_without_table, with_table
from pytest_paoding.config import values
from pytest_paoding.config.cli_values import argument
from pytest_paoding.config.configfile import NAME
from pytest_paoding.errors import ConfigError, PaodingError
from pytest_paoding.records.results import Setting
from pytest_paoding.records.text import quantities
from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.reporting import wording

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

_SETTINGS = ("strategy", "effort", "seed")
"""Settings of the pruning that may be said; they go into the table."""

_JUDGE = "next: pytest --paoding"
_NEXT = f"next: let each function in {FILE} return its data, then pytest --paoding"


def add(commands: Any) -> None:
    """Describe the command to the subparsers of a parser."""
    parser = commands.add_parser(
        "init",
        help="write settings for the models of a project",
        description="Prunes each model once, and appends a [tool.paoding] table with a comment on"
        f" every line to {NAME}: budgets with room above what that cost, and input ranges as far"
        f" as models tell them. Without --data, {FILE} gets a function to fill in for each model."
        " Nothing is written over.",
    )
    parser.set_defaults(run=run)
    add_imports(parser)
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        type=Path,
        help="a .keras or .h5 file; unless one is named, they are searched for in this folder",
    )
    parser.add_argument(
        "-r",
        "--ratio",
        type=argument(quantities.ratio),
        default=0.5,
        help="share of the units to remove (default: 0.5)",
    )
    parser.add_argument(
        "--data",
        metavar="MODULE:CALLABLE",
        type=argument(values.data),
        help="what returns (x, y) to judge the one model on",
    )
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    add_settings(parser, _SETTINGS)


def run(arguments: argparse.Namespace) -> int:
    """Measure models and write settings for them; return the exit code.

    Raises:
        PaodingError: There are settings already, or no model that can be pruned.
    """
    target, module = Path.cwd() / NAME, Path.cwd() / FILE
    before = "" if arguments.print else text_without_table(target)
    if not arguments.print and arguments.data is None and os.path.lexists(module):
        raise ConfigError(f"{FILE}: is there already, and stays: move it away, or give --data")
    said = {name: vars(arguments)[name] for name in ("ratio", *_SETTINGS)}
    said = {name: value for name, value in said.items() if value is not None}
    first = Beginning.of(list(_measured(arguments, said)), said, data=arguments.data)
    whole = with_table(before, first.table, target)
    if arguments.print:
        write(*first.table.split("\n"))
        return 0
    texts = {module: first.module} if arguments.data is None else {}
    for path, text in {**texts, target: whole}.items():
        save(path, text)
    write(f"written: {NAME}{f', {FILE}' * bool(texts)}", _NEXT if texts else _JUDGE)
    return 0


def _measured(arguments: argparse.Namespace, said: Mapping[str, Any]) -> Iterator[MeasuredModel]:
    """Yield every model, pruned once; what cannot be is told, and refused if it was named.

    Raises:
        PaodingError: A named model, or all of those that were found, cannot be pruned.
    """
    paths = list(dict.fromkeys(arguments.models)) or model_files()
    if arguments.data is not None and len(paths) > 1:
        arguments.parser.error(f"argument --data: is of one model, name it: here are {len(paths)}")
    left = len(paths)
    for path in paths:
        layer = {name: Setting(value, SOURCE) for name, value in said.items()}
        try:
            found = judged(Errand(source=path, layer=layer, data=arguments.data))
        except PaodingError as error:
            left -= 1
            if arguments.models or not left:
                raise
            _tell(arguments, f"left out: {error}")
            continue
        from pytest_paoding.engine.reading_facts import facts_of  # noqa: PLC0415 - silently started

        _tell(arguments, f"{path}: {wording.pruned(found.result)}")
        yield MeasuredModel(_relative(path), facts_of(found.model), found.result.metrics)


def _relative(path: Path) -> PurePath:
    """Return where a model is, seen from the settings.

    Raises:
        ConfigError: No text can say it.
    """
    try:
        found = PurePath(os.path.relpath(path))
    except ValueError:  # on another drive
        found = path.resolve()
    try:
        found.as_posix().encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{path}: its name is no text: rename it") from None
    return found


def _tell(arguments: argparse.Namespace, line: str) -> None:
    """Tell what is going on, beside the table if that is printed."""
    if arguments.print:
        sys.stderr.write(as_line(line) + "\n")
    else:
        write(line)
