"""Calling what settings refer to as "package.module:callable"."""

from __future__ import annotations

import importlib
import sys
import traceback
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import DataError
from pytest_paoding.records.asked_for import AskedFor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.records.protocol import Judging, Pruning


_WANTED = {"data": "(x, y) or batches", "calibration": "inputs, without labels"}


def call(reference: str, *, root: Path, key: str = "data") -> Any:
    """Return what the callable returns.

    Args:
        reference: `package.module:callable`.
        root: This folder is importable while the module is imported and the callable runs.
        key: Of the setting that refers to it: `data` or `calibration`.

    Raises:
        DataError: There is no such callable, it raised, or it returned nothing; one line.
    """
    called = target(reference, root=root, key=key)
    with _importable(root):
        try:
            found = called()
        except Exception as error:
            raise DataError(f"{key} {reference!r} {_where(error)}: {_what(error)}") from error
    if found is None:
        raise DataError(f"{key} {reference!r} returned nothing, it must return {_WANTED[key]}")
    return found


def target(reference: str, *, root: Path, key: str) -> Any:
    """Return what a reference refers to.

    Args:
        reference: `package.module:attribute`.
        root: This folder is importable while the module is imported.
        key: Of the setting that refers to it.

    Raises:
        DataError: There is no such thing; one line.
    """
    name, _, attributes = reference.partition(":")
    with _importable(root):
        try:
            found: Any = importlib.import_module(name)
            for attribute in attributes.split("."):
                found = getattr(found, attribute)
        except Exception as error:
            raise DataError(f"{key} {reference!r} {_where(error)}: {_what(error)}") from error
    return found


def calibrated(pruning: Pruning, *, root: Path) -> Pruning:
    """Return the settings of a pruning with the inputs in place of a reference to them.

    Raises:
        DataError: As `call`.
    """
    reference = pruning["calibration"]
    if not isinstance(reference, str):
        return pruning
    return {**pruning, "calibration": call(reference, root=root, key="calibration")}


def resolved(judging: Judging, *, root: Path) -> Judging:
    """Return the settings of an evaluation with scores and slices in place of references to them.

    Raises:
        DataError: There is no such callable; one line.
    """
    asked = [AskedFor.of(each) for each in judging.get("score", ())]
    found = tuple(
        replace(each, target=target(each.target, root=root, key="score"))
        if isinstance(each.target, str)
        else each
        for each in asked
    )
    return {**judging, "score": found, "slices": _sliced(judging.get("slices"), root)}


def _sliced(slices: Any, root: Path) -> Any:
    if not isinstance(slices, str):
        return slices
    found = target(slices, root=root, key="slices")
    if callable(found):
        return found
    raise DataError(f"slices {slices!r} is a {type(found).__name__}, no callable of (x, y)")


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


def _where(error: Exception) -> str:
    ours = {__file__, importlib.__file__}
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename not in ours and not frame.filename.startswith("<frozen")
    ]
    if not frames:
        return "cannot be called"
    return f"raised at {Path(frames[-1].filename).name}:{frames[-1].lineno}"


def _what(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
