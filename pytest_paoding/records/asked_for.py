"""A score as somebody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_paoding.records.metrics import Direction
from pytest_paoding.records.text.printing import Shown

_JOINT = "joint:"


@dataclass(frozen=True, slots=True, repr=False)
class AskedFor(Shown):
    """A score as somebody asks for it.

    Attributes:
        name: Its name in reports.
        target: The callable or metric that it is; None for one that is known by its name.
        direction: Which values are better, where that has to be said.
        joint: Whether it is one of all judged outputs together, which the target gets as dicts by
            output name.
    """

    name: str
    target: Any = None
    direction: Direction | None = None
    joint: bool = False

    @classmethod
    def read(cls, text: str) -> AskedFor:
        """Return the score that a text asks for: a name, or a reference as its target.

        Before a reference `joint:` may stand.

        Raises:
            ValueError: It names a direction that is none.
        """
        whole, _, better = text.strip().partition("=")
        known = {each.value: each for each in Direction}
        if better and better not in known:
            raise ValueError(f"{text!r}: {better!r} is not one of {', '.join(known)}")
        joint = whole.startswith(_JOINT) and whole.count(":") > 1
        whole = whole.removeprefix(_JOINT) if joint else whole
        target = whole if ":" in whole else None
        return cls(whole.rpartition(":")[2], target, known.get(better), joint)

    @classmethod
    def of(cls, given: str | AskedFor) -> AskedFor:
        """Return the score that a text asks for, or that is given as such.

        Raises:
            ValueError: As `read`.
        """
        return cls.read(given) if isinstance(given, str) else given

    def __str__(self) -> str:
        return self.name
