"""Settings of a pruning as arguments of a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import EngineCall
from pytest_paoding.config.cli_values import described
from pytest_paoding.engine.damage import DAMAGE
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

PRUNING = tuple(name for name in SETTINGS.of_call(EngineCall.PRUNE) if name != "ratio")
"""The settings that are arguments; each command has a ratio, or several, of its own."""

_FROM_FILES: dict[str, dict[str, Any]] = {
    "calibration": {
        "type": Path,
        "metavar": "FILE",
        "help": "unlabelled inputs for reconstruct to learn from: an array in a .npy file, or one"
        " for each input by its name in an .npz file",
    }
}
"""Settings that a command reads from a file."""


def add_settings(parser: argparse.ArgumentParser, names: Iterable[str] = PRUNING) -> None:
    """Add an argument for each of several settings."""
    for name in names:
        key = SETTINGS[name]
        told = {**described(key), "default": key.default}
        if key.several:
            told["nargs"] = "+"
        if not key.flag and (default := _shown(key.default)):
            told["help"] += f" (default: {default})"
        parser.add_argument(f"--{key.dashed}", **told | _FROM_FILES.get(name, {}))


def _shown(default: Any) -> str:
    """Return a default as arguments spell it; empty for none."""
    if isinstance(default, (tuple, dict)):
        return " ".join(map(str, default))
    return "" if default is None else str(default)


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
    except (MemoryError, *DAMAGE) as error:  # a header may declare any shape
        raise DataError(f"{path}: cannot be read as .npy or .npz: {error}") from error
