"""Calling what settings refer to as "package.module:callable"."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_paoding.errors import RAISED, DataError
from pytest_paoding.records.asked_for import AskedFor

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.records.protocol import Judging, Pruning


_WANTED = {"data": "(x, y) or batches", "calibration": "inputs, without labels"}
_OURS = {__file__, importlib.__file__}


class Renewed:
    """What a callable returns that can be read only once: it is called for every further pass."""

    def __init__(self, first: Iterator[Any], call: Callable[[], Any]) -> None:
        """Take the iterator of the first pass, and what returns others."""
        self._first: Iterator[Any] | None = first
        self._call = call

    def __iter__(self) -> Iterator[Any]:
        """Return the first pass, then others."""
        first, self._first = self._first, None
        return iter(self._call()) if first is None else first


@dataclass(frozen=True, slots=True)
class References:
    """What a project's settings refer to.

    Attributes:
        root: This folder is importable while a module is imported and while a callable runs.
    """

    root: Path = Path()

    def call(self, reference: str, *, key: str = "data") -> Any:
        """Return what the callable returns; of an iterator, what can be read again.

        Args:
            reference: `package.module:callable`.
            key: Of the setting that refers to it: `data` or `calibration`.

        Raises:
            DataError: There is no such callable, it raised, or it returned nothing; one line.
        """
        found = self._called(reference, key)
        if key == "data" and isinstance(found, Iterator):
            return Renewed(found, partial(self._called, reference, key))
        return found

    def _called(self, reference: str, key: str) -> Any:
        called = self.target(reference, key=key)
        with _importable(self.root):
            try:
                found = called()
            except RAISED as error:
                raise DataError(f"{key} {reference!r} {self._fault(error)}") from error
        if found is None:
            raise DataError(f"{key} {reference!r} returned nothing, it must return {_WANTED[key]}")
        return found

    def target(self, reference: str, *, key: str) -> Any:
        """Return what a reference refers to.

        Args:
            reference: `package.module:attribute`.
            key: Of the setting that refers to it.

        Raises:
            DataError: There is no such thing, or slices are no callable; one line.
        """
        name, _, attributes = reference.partition(":")
        with _importable(self.root):
            try:
                found: Any = importlib.import_module(name)
                for attribute in attributes.split("."):
                    found = getattr(found, attribute)
            except RAISED as error:
                raise DataError(f"{key} {reference!r} {self._fault(error)}") from error
        if key == "slices" and not callable(found):
            raise DataError(
                f"slices {reference!r} is a {type(found).__name__}, no callable of (x, y)"
            )
        return found

    def import_module(self, name: str) -> None:
        """Import a module, for what it registers.

        Raises:
            DataError: It cannot be imported; one line.
        """
        with _importable(self.root):
            try:
                importlib.import_module(name)
            except RAISED as error:
                fault = self._fault(error, "cannot be imported")
                raise DataError(f"module {name!r} {fault}") from error

    def calibrated(self, pruning: Pruning) -> Pruning:
        """Return the settings of a pruning with the inputs in place of a reference to them.

        Raises:
            DataError: As `call`.
        """
        reference = pruning["calibration"]
        if not isinstance(reference, str):
            return pruning
        return {**pruning, "calibration": self.call(reference, key="calibration")}

    def resolved(self, judging: Judging) -> Judging:
        """Return the settings of an evaluation with scores and slices in place of references.

        Raises:
            DataError: There is no such callable; one line.
        """
        asked = [AskedFor.of(each) for each in judging.get("score", ())]
        found = tuple(
            replace(each, target=self.target(each.target, key="score"))
            if isinstance(each.target, str)
            else each
            for each in asked
        )
        slices = judging.get("slices")
        if isinstance(slices, str):
            slices = self.target(slices, key="slices")
        return {**judging, "score": found, "slices": slices}

    def _fault(self, error: BaseException, nowhere: str = "cannot be called") -> str:
        """Return the line of the project that led to an error, or else the last; and the error."""
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename not in _OURS and not frame.filename.startswith("<frozen")
        ]
        if not frames:
            return f"{nowhere}: {_what(error)}"
        root = self.root.resolve()
        own = [frame for frame in frames if _is_own(Path(frame.filename).resolve(), root)]
        last = (own or frames)[-1]
        return f"raised at {Path(last.filename).name}:{last.lineno}: {_what(error)}"


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    before = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path[:] = before


def _is_own(file: Path, root: Path) -> bool:
    return root in file.parents and "site-packages" not in file.parts


def _what(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
