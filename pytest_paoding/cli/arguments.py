"""Settings, limits and data as arguments of a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from pytest_paoding.config import values
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.cli_values import (
    FORMAT_BUDGET,
    argument,
    described,
    described_limit,
    limits_given,
)
from pytest_paoding.engine.bounded_reading import opened_archive, require_file
from pytest_paoding.engine.damage import refusing
from pytest_paoding.errors import DataError
from pytest_paoding.records.metrics import BUDGETS
from pytest_paoding.records.results import Setting

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pytest_paoding.config.references import References

PRUNING = tuple(name for name in SETTINGS.of_call(EngineCall.PRUNE) if name != "ratio")
"""The settings of a pruning; each command has a ratio, or several, of its own."""

JUDGING = (
    *(name for name in SETTINGS.of_call(EngineCall.EVALUATE) if name not in PRUNING),
    "confidence",
)
"""The settings of a verdict that are none of a pruning."""

SOURCE = "command line"
"""Source of what arguments say."""

_EXPANSION = 100  # of arrays that are mostly padding
_FROM_FILES: dict[str, dict[str, Any]] = {
    "calibration": {
        "type": Path,
        "metavar": "FILE",
        "help": "unlabelled inputs for reconstruct to learn from: an array in a .npy file, or one"
        " for each input by its name in an .npz file",
    }
}
"""Settings that a command reads from a file."""

_ARCHIVE = ".npz"


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] = PRUNING) -> None:
    """Add an argument for each of several settings."""
    for name in names:
        key = SETTINGS[name]
        told = described(key)
        if key.several:
            told["nargs"] = "+"
        if not key.flag and (default := _shown(key.default)):
            told["help"] += f" (default: {default})"
        parser.add_argument(f"--{key.dashed}", **told | _FROM_FILES.get(name, {}))


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add an argument for every budget."""
    group = parser.add_argument_group("budgets", "limits to judge by")
    for key, metric in BUDGETS.items():
        group.add_argument(f"--{key.replace('_', '-')}", **described_limit(metric))
    group.add_argument("--format-budget", **FORMAT_BUDGET)


def _shown(default: Any) -> str:
    """Return a default as arguments spell it; empty for none."""
    if isinstance(default, (tuple, dict)):
        return " ".join(map(str, default))
    return "" if default is None else str(default)


def settings_of(arguments: argparse.Namespace, names: Iterable[str] = PRUNING) -> dict[str, Any]:
    """Return what arguments say, or else what is built in, as keywords of the pruning.

    Raises:
        DataError: The file of inputs for calibration cannot be read.
    """
    given = _given(arguments, names)
    return {name: given.get(name, SETTINGS[name].default) for name in names}


def layer_of(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Setting]:
    """Return what arguments say, budgets too, and nothing else, as the layer of a gate.

    Raises:
        DataError: The file of inputs for calibration cannot be read.
    """
    said = {**_given(arguments, names), **limits_given(vars(arguments))}
    return {name: Setting(value, SOURCE) for name, value in said.items()}


def _given(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    given = {name: vars(arguments)[name] for name in names if vars(arguments)[name] is not None}
    if "calibration" in given:
        given["calibration"] = arrays(given["calibration"])
    return given


def data_name(text: str) -> str:
    """Return the name of data to judge on, if it is one.

    Raises:
        ValueError: It is neither that of an .npz file nor a reference; one line.
    """
    return text if text.endswith(_ARCHIVE) else values.data(text)


DATA: dict[str, Any] = {
    "metavar": "DATA",
    "type": argument(data_name),
    "help": "what to judge on: package.module:callable that returns (x, y), or an .npz file with"
    " inputs x and labels y",
}
"""Describes the argument of data to a parser."""


def read_data(name: str, references: References) -> Any:
    """Return data to judge on, of a callable or an .npz file.

    Raises:
        DataError: The callable or the file is missing, or gives no data.
    """
    if not name.endswith(_ARCHIVE):
        return references.call(name)
    found = arrays(Path(name))
    if isinstance(found, dict) and {"x", "y"} <= found.keys():
        return found["x"], found["y"]
    raise DataError(f"{name}: holds no arrays x and y")


def arrays(path: Path) -> Any:
    """Return the array of a .npy file, or those of an .npz file by name.

    Raises:
        DataError: It cannot be read.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    with refusing(path, DataError, "cannot be read as .npy or .npz: {}"):
        require_file(path)
        if is_zipfile(path):
            with opened_archive(path, expansion=_EXPANSION):
                pass  # its arrays are as large as they say
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else dict(found)
