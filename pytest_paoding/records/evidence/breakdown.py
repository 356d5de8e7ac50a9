"""What averages hide: decay by class and by slice, confusion, and samples whose answer flipped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Matrix: TypeAlias = "tuple[tuple[int, ...], ...]"
"""Numbers of samples: a row for each true class, a column for each answer."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One class or slice.

    Attributes:
        name: Its name.
        samples: Number of its samples.
        before: Share that is right before pruning, or the score; None where it is undefined.
        after: The same after.
        decay: By how much it got worse.
    """

    name: str
    samples: int
    before: float | None = None
    after: float | None = None
    decay: float | None = None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Classes or slices.

    Attributes:
        total: Number of all.
        empty: Number of those without samples.
        rows: The worst first, as far as they are listed.
    """

    total: int = 0
    empty: int = 0
    rows: tuple[GroupRow, ...] = ()

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> GroupTable:
        """Return the table whose plain form is `plain`."""
        return cls(**{**plain, "rows": tuple(GroupRow(**row) for row in plain["rows"])})


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class is answered for each true class, for one output.

    Attributes:
        output: The output's name.
        before: The numbers of the original.
        after: Those of the pruned model.
    """

    output: str
    before: Matrix
    after: Matrix

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Confusion:
        """Return the confusion whose plain form is `plain`.

        Raises:
            ValueError: A side has not as many columns as rows.
        """
        sides = [tuple(map(tuple, plain[side])) for side in ("before", "after")]
        if any(len(row) != len(side) for side in sides for row in side):
            raise ValueError(f"the confusion of {plain['output']!r} is not square")
        return cls(plain["output"], *sides)


@dataclass(frozen=True, slots=True)
class Flip:
    """A sample whose answer changed.

    Attributes:
        index: Its number in the data, from 0.
        before: The original's answer.
        after: The pruned model's answer.
        truth: What is true; None where the data have no labels.
        shift: By how much the log-odds between both answers moved, in nats.
        picture: Its input as a small PNG, in base64; None where it is no picture, or beyond the
            first twelve.
    """

    index: int
    before: str
    after: str
    truth: str | None
    shift: float
    picture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """What averages hide, of one evaluation.

    Attributes:
        classes: The true classes of all judged outputs.
        slices: The slices of the data.
        confusions: That of each output of few classes.
        flipped: Number of samples whose answer changed; None where none is a class or labels.
        flips: The worst of them first, as far as they are listed: those that were right, by shift,
            then those that are wrong as before, then those that are right now.
    """

    classes: GroupTable = GroupTable()
    slices: GroupTable = GroupTable()
    confusions: tuple[Confusion, ...] = ()
    flipped: int | None = None
    flips: tuple[Flip, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form."""
        plain = asdict(self)
        for table in (plain["classes"], plain["slices"]):
            table["rows"] = list(table["rows"])
        for confusion in plain["confusions"]:
            for side in ("before", "after"):
                confusion[side] = [list(row) for row in confusion[side]]
        return {
            **plain,
            "confusions": list(plain["confusions"]),
            "flips": list(plain["flips"]),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Breakdown:
        """Return the breakdown whose plain form is `plain`."""
        return cls(
            classes=GroupTable.from_dict(plain["classes"]),
            slices=GroupTable.from_dict(plain["slices"]),
            confusions=tuple(map(Confusion.from_dict, plain["confusions"])),
            flipped=plain["flipped"],
            flips=tuple(Flip(**flip) for flip in plain["flips"]),
        )
