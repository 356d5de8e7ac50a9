"""The search of a folder for models that could be gated, within bounds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_paoding.cli.show import MODELS
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.errors import ConfigError
from pytest_paoding.gate.artifacts import manifest_path
from pytest_paoding.gate.replaceable import is_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path()
_DEEPEST, _MOST_FILES, _MOST_MODELS = 8, 100_000, 20
_OTHERS = frozenset(
    {"__pycache__", "node_modules", "site-packages", str(SETTINGS["artifacts"].default)}
)
"""Folders that hold nothing of a project's own."""
_ENVIRONMENT = ("pyvenv.cfg", "conda-meta")
_REMEDY = "name the models to gate: python -m pytest_paoding init MODEL..."


def model_files(folder: Path = _HERE) -> list[Path]:
    """Return the model files in a folder and below, in order of their paths.

    Left out are hidden folders, environments, those of caches and artifacts, links to folders, and
    pruned models that a gate has published.

    Raises:
        ConfigError: There are none, or too many to look at or to gate.
    """
    found = sorted(each for each in _files(folder) if not is_manifest(manifest_path(each)))
    if not found:
        raise ConfigError("there is no .keras or .h5 file here: train and save one, or name it")
    if len(found) > _MOST_MODELS:
        raise ConfigError(f"there are {len(found)} models here: {_REMEDY}")
    return found


def _files(folder: Path) -> Iterator[Path]:
    seen = 0
    for place, folders, names in os.walk(folder):
        here = Path(place)
        deep = len(here.relative_to(folder).parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(each for each in folders if _is_own(here / each))
        seen += len(names)
        if seen > _MOST_FILES:
            raise ConfigError(f"there are more than {_MOST_FILES} files here: {_REMEDY}")
        for name in names:
            if not name.startswith(".") and (here / name).suffix in MODELS:
                yield here / name


def _is_own(folder: Path) -> bool:
    """Whether a folder may hold models of the project."""
    if folder.name.startswith(".") or folder.name in _OTHERS:
        return False
    return not any((folder / name).exists() for name in _ENVIRONMENT)
