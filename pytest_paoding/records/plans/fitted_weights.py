"""Weights that were fitted freely beside a plan, as far as JSON can tell of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    from pathlib import Path


class FittedWeights(Protocol):
    """Weights that were fitted freely, which no plan in JSON can hold."""

    @property
    def names(self) -> tuple[tuple[str, int], ...]:
        """For each weight the name of its layer and its index among the layer's weights."""

    def save(self, path: Path) -> None:
        """Write them to a file."""


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """Fitted weights in a file, read once the plan is applied.

    Attributes:
        names: For each weight the name of its layer and its index among the layer's weights.
        path: The file; None for a plan that was read without one.
        sha256: Digest of the file.
    """

    names: tuple[tuple[str, int], ...]
    path: Path | None = None
    sha256: str | None = None

    @classmethod
    def read(cls, names: list[Any], sha256: str | None) -> StoredWeights:
        """Return what the document of a plan tells of them.

        Raises:
            TypeError: A name or an index is none.
            ValueError: A weight is not a pair of both.
        """
        known = tuple((text_of(name), whole_of(index)) for name, index in names)
        return cls(known, None, None if sha256 is None else text_of(sha256))

    def save(self, path: Path) -> None:
        """Copy the file."""
        if self.path is None:
            raise SurgeryError("the weights fitted beside this plan are not at hand")
        shutil.copyfile(self.path, path)


def whole_of(value: Any) -> int:
    """Return a whole number; half a unit, or `true` of them, is a TypeError and not rounded."""
    if type(value) is int:
        return value
    raise TypeError(f"{value!r} is not a whole number")


def text_of(value: Any) -> str:
    """Return a text; anything else is a TypeError."""
    if isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is not a text")
