"""Settings of a pruning as arguments of a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.cli_values import described
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from pytest_paoding.config.catalogue.keys import Key

PRUNING = tuple(name for name in SETTINGS.of_call(EngineCall.PRUNE) if name != "ratio")
"""The settings that are arguments; each command has a ratio, or several, of its own."""


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] = PRUNING) -> None:
    """Add an argument for each of several settings."""
    for name in names:
        key = SETTINGS[name]
        parser.add_argument(f"--{key.dashed}", **{**described(key), **_here(key)})


def _here(key: Key) -> dict[str, Any]:
    """Return what is special about an argument of a command: its default, and lists of words."""
    if key.name == "calibration":
        text = (
            "unlabelled inputs for reconstruct to learn from: an array in a .npy file, or one for"
            " each input by its name in an .npz file"
        )
        return {"type": Path, "metavar": "FILE", "help": text}
    text = described(key)["help"]
    if key.default and not key.flag:
        default = key.default if isinstance(key.default, (str, int, float)) else None
        shown = default if default is not None else " ".join(map(str, key.default))
        text = f"{text} (default: {shown})"
    here = {"default": key.default, "help": text}
    if key.several:
        pair = not isinstance(key.metavar, str)
        here |= {"nargs": 2 if pair else "+", "metavar": key.metavar}
    return here


def settings_of(arguments: argparse.Namespace, names: Iterable[str] = PRUNING) -> dict[str, Any]:
    """Return what arguments say, as keywords of the pruning.

    Raises:
        DataError: The file of inputs for calibration cannot be read.
    """
    given = {name: vars(arguments)[name] for name in names}
    if given.get("calibration") is not None:
        given["calibration"] = arrays(given["calibration"])
    return given


def arrays(path: Path) -> Any:
    """Return the array of a .npy file, or those of an .npz file by name.

    Raises:
        DataError: It cannot be read.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else dict(found)
    except (EOFError, OSError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as .npy or .npz: {error}") from error
