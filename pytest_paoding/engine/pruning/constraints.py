"""Constraints on a pruning: the share to remove, exceptions by name, and rounded widths."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from pytest_paoding.engine.pruning.validation import check_share
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_paoding.engine.graph.groups import Group
    from pytest_paoding.engine.graph.types import IntArray


@dataclass(frozen=True, slots=True)
class Quota:
    """Number of units to remove from a group.

    Attributes:
        count: The number; at least one unit of the group stays.
        reason: Reason why it is not the share that was asked for; None where it is.
        share: The share that was asked for.
        free: Whether an allocation may choose another number.
    """

    count: int
    reason: str | None = None
    share: float = field(default=0.0, compare=False)
    free: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Constraints that a plan has to meet.

    Names are those of producers, such as `block1/conv` inside a nested model, or `mha:heads`.
    Patterns are those of `fnmatch`, case-sensitive: `*`, `?` and `[abc]`. Layers that shrink
    together are one group: they lose the least share asked of any of them, and nothing if one of
    them is left out.

    Attributes:
        ratio: Share of the units to remove, in [0, 1).
        ratios: Shares by name pattern that replace `ratio`; the first match counts.
        include: Patterns of the layers that may shrink.
        exclude: Patterns of layers among them that may not.
        round_to: Widths after pruning are multiples of this where possible; heads are not rounded.
            Rounding keeps more units, never fewer.
    """

    ratio: float
    ratios: Mapping[str, float] = field(default_factory=dict)
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    round_to: int = 1

    def __post_init__(self) -> None:
        """Refuse shares and multiples out of range.

        Raises:
            PruningError: A share is outside [0, 1), or `round_to` is not a whole number from 1.
        """
        check_share("ratio", self.ratio, zero=True)
        for name, share in self.ratios.items():
            check_share(f"{name}:", share, zero=True)
        if isinstance(self.round_to, bool) or not isinstance(self.round_to, int):
            raise PruningError(f"round_to must be a whole number, not {self.round_to!r}")
        if self.round_to < 1:
            raise PruningError(f"round_to must be at least 1, not {self.round_to}")

    def check(self, names: Iterable[str]) -> None:
        """Refuse patterns that no layer matches, most likely misspelt.

        Args:
            names: Names of all producers of a model.

        Raises:
            PruningError: A pattern matches none of the names.
        """
        known = list(names)
        fields = {"include": self.include, "exclude": self.exclude, "ratios": tuple(self.ratios)}
        for option, patterns in fields.items():
            for pattern in patterns:
                if known and not any(fnmatchcase(name, pattern) for name in known):
                    shown = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")  # noqa: PLR2004 # enough to see
                    raise PruningError(f"{option}: no layer matches {pattern!r}; there are {shown}")

    def quota(self, group: Group) -> Quota:
        """Return the number of units to remove from a group."""
        names = [producer.name for producer in group.producers]
        for name in names:
            if pattern := _match(name, self.exclude):
                return Quota(0, f"layer {name!r} is excluded by {pattern!r}")
            if not _match(name, self.include):
                return Quota(0, f"layer {name!r} is not included")
        share = min(self._share(name) for name in names)
        count = min(round(share * group.width), group.width - 1)
        rounded = self.rounded(group, count)
        reason = None if rounded == count else f"the width is kept a multiple of {self.round_to}"
        own = any(_match(name, self.ratios) is not None for name in names)
        return Quota(rounded, reason, share, free=not own)

    def _share(self, name: str) -> float:
        pattern = _match(name, self.ratios)
        return self.ratio if pattern is None else self.ratios[pattern]

    def rounded(self, group: Group, count: int) -> int:
        """Return the largest number up to `count` that leaves multiples of `round_to`."""
        for fewer in range(count, 0, -1):
            if all(
                (len(producer.classes) - fewer * _occurrences(producer.classes, group.units))
                % self.round_to
                == 0
                for producer in group.producers
                if producer.role != "heads"
            ):
                return fewer
        return 0


def _match(name: str, patterns: Iterable[str]) -> str | None:
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern)), None)


def _occurrences(classes: IntArray, units: IntArray) -> int:
    """Return the number of a producer's positions that one unit has."""
    return int(np.count_nonzero(classes == units[0]))
