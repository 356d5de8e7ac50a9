"""Lookups: which values of an input the layers that look them up know, position by position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.types import BoolArray, IntArray

_ROUNDING = 1e-4
_NAMED = 3  # layers that a note names


@dataclass(frozen=True, slots=True, eq=False)
class Lookups:
    """The values that tables know, for each position of an input.

    Attributes:
        low: Least value, of the input's shape; -inf where nothing is looked up.
        high: Largest value, likewise; inf where nothing is looked up.
        step: Distance of the values of two neighbouring rows.
        names: Names of the layers that look values up, those with the fewest rows first.
    """

    low: Any
    high: Any
    step: Any
    names: tuple[str, ...]

    @property
    def looked_up(self) -> BoolArray:
        """Mask of the positions that are looked up, of the input's shape."""
        return np.asarray(np.isfinite(self.low))

    @property
    def everywhere(self) -> bool:
        """Whether every position is looked up."""
        return bool(self.looked_up.all())

    @property
    def whole(self) -> tuple[int, int] | None:
        """Least and largest of the whole numbers that all positions know; None if they differ."""
        if not self.everywhere or np.ptp(self.low) or np.ptp(self.high) or (self.step != 1).any():
            return None
        low, high = float(self.low.flat[0]), float(self.high.flat[0])
        return (int(low), int(high)) if low.is_integer() else None

    @property
    def counts(self) -> IntArray:
        """How many values each position may have; 0 where nothing is looked up."""
        low, high = (np.where(self.looked_up, each, 0) for each in (self.low, self.high))
        counts = np.floor((high - low) / self.step + _ROUNDING).astype(np.int64) + 1
        return np.where(self.looked_up, counts, 0)

    @property
    def why(self) -> str:
        """The layers that look values up, in words."""
        return _listed(self.names)

    @property
    def knowing(self) -> str:
        """The layers that look values up, and that they know, in words."""
        quoted = [repr(name) for name in self.names]
        return f"{_listed(quoted)} {'knows' if len(quoted) == 1 else 'know'}"

    def contradiction(self, values: Any) -> tuple[Any, str] | None:
        """Return where values are none that are known, and what is known there, in words.

        Args:
            values: Shape (samples, *shape of the input); its lengths may differ from those assumed.

        Returns:
            An index into `values`, of all samples at one position or at all; None if all are known.
        """
        if values.shape[1:] != self.low.shape and (np.ptp(self.low) or np.ptp(self.high)):
            return None
        alike = not (np.ptp(self.low) or np.ptp(self.high))
        low, high = (each.flat[0] if alike else each for each in (self.low, self.high))
        beyond = ((values < low) | (values > high)).any(axis=0)
        if not beyond.any():
            return None
        worst = np.unravel_index(int(np.argmax(beyond)), beyond.shape)
        place = ... if alike else (slice(None), *worst)
        least, most = (low, high) if alike else (low[worst], high[worst])
        return place, f"{self.knowing} {least:g} to {most:g}"

    def within(self, name: str, given: tuple[float, float]) -> Lookups:
        """Return those of the values that lie in a range that the user gave.

        Args:
            name: The name of the input, for the message.
            given: Low and high.

        Raises:
            PruningError: Some position has none there.
        """
        start = np.where(self.looked_up, self.low, given[0])
        low, high = np.maximum(start, given[0]), np.minimum(self.high, given[1])
        first = start + np.ceil((low - start) / self.step - _ROUNDING) * self.step
        narrowed = replace(
            self,
            low=np.where(self.looked_up, first, -inf),
            high=np.where(self.looked_up, high, inf),
        )
        if (narrowed.counts[self.looked_up] < 1).any():
            empty = np.flatnonzero(self.looked_up & (narrowed.counts < 1))[0]
            least, most = self.low.flat[empty], self.high.flat[empty]
            raise PruningError(
                f"input_range ({given[0]:g}, {given[1]:g}) holds no value of the input {name!r} "
                f"that is looked up: {self.knowing} {least:g} to {most:g}"
            )
        return narrowed

    def values(self, numbers: IntArray) -> Any:
        """Return the values of numbers from 0, folded into what each position knows.

        Args:
            numbers: Shape (samples, *shape of the input).
        """
        return self.low + numbers % np.maximum(self.counts, 1) * self.step

    def imposed(self, values: Any, generator: np.random.Generator) -> Any:
        """Return values with others, drawn evenly, at the positions that are looked up."""
        numbers = generator.integers(0, np.maximum(self.counts, 1), values.shape)
        legal = np.where(self.looked_up, self.low, 0) + numbers * self.step
        return np.where(self.looked_up, legal, values).astype(values.dtype)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
