"""Modules of the project that a command imports first, which register what its model is made of.

A model file has nothing imported: whoever wrote it may mean harm. Who calls a command does not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_paoding.config.cli_values import argument
from pytest_paoding.config.references import References
from pytest_paoding.engine.silence import start_tensorflow
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    import argparse


def add_imports(parser: argparse.ArgumentParser) -> None:
    """Add the argument for modules to the parser of a command that loads a model."""
    parser.add_argument(
        "--import",
        dest="modules",
        metavar="MODULE",
        action="append",
        default=[],
        type=argument(_module),
        help="module to import first, from this folder if it is there, such as one that registers"
        " layers and functions of your own; may be given several times",
    )


def import_modules(arguments: argparse.Namespace) -> None:
    """Import the modules that a command was given, if any; refuse the call where one cannot be.

    Raises:
        EvaluationError: Keras runs on another backend than TensorFlow.
    """
    for name in vars(arguments).get("modules", ()):
        start_tensorflow()  # without the noise that the module's own import of it would make
        try:
            References(Path.cwd()).import_module(name)
        except DataError as error:
            arguments.parser.error(f"argument --import: {error}")


def _module(text: str) -> str:
    if not re.fullmatch(r"\w+(\.\w+)*", text):
        raise ValueError(f"{text!r} is not of the form 'package.module'")
    return text
