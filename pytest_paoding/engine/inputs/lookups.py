"""Lookups: which values of an input the layers that look them up know, position by position."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.inputs.kinds import listed_names
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.types import BoolArray, IntArray

_ROUNDING = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Lookups:
    """The values that tables know, for each position of an input.

    Attributes:
        low: Least value, of the input's shape; -inf where nothing is looked up.
        high: Largest value, likewise; inf where nothing is looked up.
        step: Distance of the values of two neighbouring rows.
        names: Names of the layers that look values up, those with the fewest rows first.
        entries: The values of positions that know some by themselves, in no order, by flat place;
            `low` and `high` are infinite there, as layers take other values too.
    """

    low: Any
    high: Any
    step: Any
    names: tuple[str, ...]
    entries: Mapping[int, Any] = field(default_factory=dict)

    @property
    def looked_up(self) -> BoolArray:
        """Mask of the positions that are looked up, of the input's shape."""
        found = np.isfinite(self.low)
        found.reshape(-1)[list(self.entries)] = True
        return np.asarray(found)

    @property
    def ends(self) -> tuple[Any, Any]:
        """Least and largest known value of each position; infinite where nothing is looked up."""
        low, high = np.array(self.low), np.array(self.high)
        for place, values in self.entries.items():
            low.reshape(-1)[place], high.reshape(-1)[place] = values.min(), values.max()
        return low, high

    @property
    def everywhere(self) -> bool:
        """Whether every position is looked up."""
        return bool(self.looked_up.all())

    @property
    def whole(self) -> tuple[int, int] | None:
        """Least and largest of the whole numbers that all positions know; None if they differ."""
        if (
            self.entries
            or not self.everywhere
            or np.ptp(self.low)
            or np.ptp(self.high)
            or (self.step != 1).any()
        ):
            return None
        low, high = float(self.low.flat[0]), float(self.high.flat[0])
        return (int(low), int(high)) if low.is_integer() else None

    @property
    def counts(self) -> IntArray:
        """How many values each position may have; 0 where nothing is looked up."""
        rows = np.isfinite(self.low)
        low, high = (np.where(rows, each, 0) for each in (self.low, self.high))
        counts = np.floor((high - low) / self.step + _ROUNDING).astype(np.int64) + 1
        counts = np.where(rows, counts, 0)
        for place, values in self.entries.items():
            counts.reshape(-1)[place] = len(values)
        return counts

    @property
    def why(self) -> str:
        """The layers that look values up, in words."""
        return listed_names(self.names)

    @property
    def knowing(self) -> str:
        """The layers that look values up, and that they know, in words."""
        quoted = [repr(name) for name in self.names]
        return f"{listed_names(quoted)} {'knows' if len(quoted) == 1 else 'know'}"

    def contradiction(self, values: Any) -> tuple[Any, str] | None:
        """Return where values are none that are known, and what is known there, in words.

        Args:
            values: Shape (samples, *shape of the input); its lengths may differ from those assumed.

        Returns:
            An index into `values`, of all samples at one position or at all; None if all are known.
        """
        if not np.isfinite(self.low).any():
            return None
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
        rows = np.isfinite(self.low)
        start = np.where(rows, self.low, given[0])
        low, high = np.maximum(start, given[0]), np.minimum(self.high, given[1])
        first = start + np.ceil((low - start) / self.step - _ROUNDING) * self.step
        narrowed = replace(
            self,
            low=np.where(rows, first, -inf),
            high=np.where(rows, high, inf),
            entries={
                place: values[(values >= given[0]) & (values <= given[1])]
                for place, values in self.entries.items()
            },
        )
        if (narrowed.counts[self.looked_up] < 1).any():
            empty = np.flatnonzero(self.looked_up & (narrowed.counts < 1))[0]
            least, most = (each.flat[empty] for each in self.ends)
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
        return self._known(numbers % np.maximum(self.counts, 1))

    def imposed(self, values: Any, generator: np.random.Generator) -> Any:
        """Return values with others, drawn evenly, at the positions that are looked up."""
        numbers = generator.integers(0, np.maximum(self.counts, 1), values.shape)
        return np.where(self.looked_up, self._known(numbers), values).astype(values.dtype)

    def _known(self, numbers: IntArray) -> Any:
        """Return the values of numbers that are less than what each position knows."""
        found = np.where(np.isfinite(self.low), self.low, 0) + numbers * self.step
        flat, places = found.reshape(len(found), -1), numbers.reshape(len(found), -1)
        for place, values in self.entries.items():
            flat[:, place] = values[places[:, place]]
        return flat.reshape(found.shape)
