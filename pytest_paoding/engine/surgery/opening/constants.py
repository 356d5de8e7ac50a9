"""Constants that a model's code puts beside what it computes, such as the graph of a network.

One whose first axis is as long as there are rows in an input fixes how many rows that are: then
they are no samples but, say, the nodes of one graph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.opening.user_lines import own_frame, place_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_ROWS = 2  # at least, of what fixes how many there are


@dataclass(frozen=True, slots=True)
class ConstantUse:
    """A use of a constant in an operation on what a model computes.

    Attributes:
        shape: The shape of the constant.
        text: Where it is used, what it is called and which operation reads it.
    """

    shape: tuple[int, ...]
    text: str

    @property
    def rows(self) -> int:
        """How many rows an input has beside it, if they are along its first axis."""
        return self.shape[0]

    def __str__(self) -> str:
        """Return what is wrong and what to do, in one line."""
        return (
            f"{self.text} makes sense beside {self.rows} rows only, so the rows of its input are "
            f"no samples: give the model an axis of samples before them, as in "
            f"(samples, {self.rows}, features)"
        )


@dataclass(slots=True, eq=False)
class Constants:
    """The constants that operations read, in order."""

    uses: list[ConstantUse] = field(default_factory=list)

    def add(self, operation: Any, arguments: Any, frame: FrameType | None) -> None:
        """Remember the constants among the arguments of an operation.

        Args:
            operation: The operation.
            arguments: Its arguments, by position and by name.
            frame: A frame that it was called from.
        """
        own = own_frame(frame)
        if own is None:
            return
        for given in _arrays(arguments):
            shape = tuple(np.shape(given))
            if shape and shape[0] >= _ROWS:
                name = _name_in(own, given)
                called = f"the constant {name!r}" if name else "a constant"
                kind = type(operation).__name__
                text = f"{place_in(own, own.f_lineno)}: {called} of shape {shape} in {kind}"
                self.uses.append(ConstantUse(shape, text))

    def fixing(self) -> Iterator[ConstantUse]:
        """Yield a use for each number of rows that constants may fix, the last ones first."""
        yield from {use.rows: use for use in self.uses}.values()


def _arrays(arguments: Any) -> Iterator[Any]:
    """Yield constants of numbers: arrays, tensors, and lists that hold no symbolic tensor."""
    positional, named = arguments
    for given in (*positional, *named.values()):
        leaves = keras.tree.flatten(given)
        listed = isinstance(given, (list, tuple))
        if _is_array(given) or (listed and all(isinstance(leaf, float) for leaf in leaves)):
            yield given
        elif listed:
            yield from filter(_is_array, leaves)  # several, to be joined


def _is_array(value: Any) -> bool:
    numbers = hasattr(value, "shape") and hasattr(value, "dtype")
    return numbers and not isinstance(value, (keras.KerasTensor, KERAS_VARIABLE))


def _name_in(frame: FrameType, value: Any) -> str | None:
    """Return what the code at a frame calls a value: an attribute of its object, or a variable."""
    first = frame.f_code.co_varnames[:1]
    owner = frame.f_locals.get(first[0]) if first else None
    for names in (getattr(owner, "__dict__", {}), frame.f_locals):
        found = next((name for name, each in names.items() if each is value), None)
        if found is not None:
            return str(found)
    return None
