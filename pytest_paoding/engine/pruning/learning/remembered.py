"""What prunings of one model by one seed remember of it for each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_paoding.engine.pruning.gradients.lessons import Book
    from pytest_paoding.engine.pruning.reconstruct.widths.curves import Points


@dataclass(slots=True, eq=False)
class Remembered:
    """What does not depend on the ratio, and is small.

    Attributes:
        points: Changes of the outputs without some units of one group.
        book: Answers of the original, where prunings share an effort.
    """

    points: Points = field(default_factory=dict)
    book: Book | None = None
