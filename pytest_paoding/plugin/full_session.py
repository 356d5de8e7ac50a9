"""Whether a run covers the whole project: only a full session may demand that a gate has run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

_NARROWING = {
    "-k": "keyword",
    "-m": "markexpr",
    "--deselect": "deselect",
    "--ignore": "ignore",
    "--ignore-glob": "ignore_glob",
}
_REPEATING = {"--lf": "lf", "--sw": "stepwise"}


def partial_reason(config: pytest.Config) -> str | None:
    """Return the option that narrows this run to a part of the project; None in full sessions.

    A project that deselects slow tests in its own `addopts` still has full sessions.
    """
    usual = _usual(config.getini("addopts"))
    for flag, name in _NARROWING.items():
        if (config.getoption(name, None) or None) != (getattr(usual, name) or None):
            return flag
    for flag, name in _REPEATING.items():
        if config.getoption(name, default=False):
            return flag
    return None if _covers_project(config) else "paths"


def names_files(config: pytest.Config) -> bool:
    """Whether single files or items were asked for; configured models are neither."""
    if config.args_source is not config.ArgsSource.ARGS:
        return False
    return not all(path.is_dir() for path in _given(config))


def _usual(addopts: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for flag, name in _NARROWING.items():
        if flag.startswith("--"):
            parser.add_argument(flag, dest=name, action="append")
        else:
            parser.add_argument(flag, dest=name)
    return parser.parse_known_args(list(addopts))[0]


def _covers_project(config: pytest.Config) -> bool:
    if config.args_source is config.ArgsSource.TESTPATHS:
        return True
    wanted = [config.rootpath / path for path in config.getini("testpaths")] or [config.rootpath]
    given = _given(config)
    return all(any(path.is_relative_to(folder) for folder in given) for path in wanted)


def _given(config: pytest.Config) -> list[Path]:
    here = config.invocation_params.dir
    return [here / Path(argument.partition("::")[0]) for argument in config.args]
