"""Reads of values that symbolic tensors do not have, remembered even where code swallows them.

`bool(x)`, `float(x)`, `x.numpy()` or `np.max(x)` raise on a symbolic tensor. Code that expects
errors (`try: ... except Exception`, `hasattr(x, "numpy")`) goes on, on a path that it does not take
on values: what is recorded then is another model, equal to the first only where values say so.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.opening.user_lines import own_frame, place_in, remedy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_READS = ("__bool__", "__int__", "__float__", "__array__", "__iter__", "__tf_tensor__")
"""What a symbolic tensor has only to raise."""

_LACKING = {
    "__len__": "object of type 'KerasTensor' has no len()",
    "__index__": "'KerasTensor' object cannot be interpreted as an integer",
    "__complex__": "'KerasTensor' object cannot be converted to a complex number",
}
"""What it does not have, of what Python asks of the class, with Python's own messages."""

_OF_VALUES = frozenset(
    name for name in dir(type(tf.constant(0))) if not name.startswith("_")
) - frozenset(dir(keras.KerasTensor))
"""Attributes of tensors with values that symbolic ones do not have."""

_OPERANDS = (keras.KerasTensor, KERAS_VARIABLE, tf.Tensor, np.ndarray, np.generic, int, float)


@dataclass(frozen=True, slots=True, eq=False)
class RefusedRead:
    """A read that raised.

    Attributes:
        frame: Where the project's own code was.
        instruction: The instruction of that code.
        line: Its line.
        error: What was raised.
    """

    frame: FrameType
    instruction: int
    line: int
    error: BaseException

    def __str__(self) -> str:
        """Return the place and what to do instead, in one line."""
        return f"{place_in(self.frame, self.line)}: {remedy_for(self.error)}"


class RefusedReads:
    """The reads that raised while code ran, in order.

    Attributes:
        active: Whether what is run is the project's own code; else nothing is remembered.
    """

    def __init__(self, active: Callable[[], bool]) -> None:
        """Take a function that says whether what is run is to be watched."""
        self.active = active
        self._found: list[RefusedRead] = []

    def add(self, error: BaseException, frame: FrameType | None) -> None:
        """Remember an error, by the innermost own code outside of a frame."""
        own = own_frame(frame)
        if own is not None and self.active():
            self._found.append(RefusedRead(own, own.f_lasti, own.f_lineno, error))

    def forgive(self, frame: FrameType | None) -> None:
        """Forget what the instruction that a frame was called from has asked, as it has an answer.

        TensorFlow asks a tensor for its values before it looks for another way.
        """
        own = own_frame(frame)
        if own is not None:
            here = own, own.f_lasti
            self._found = [each for each in self._found if (each.frame, each.instruction) != here]

    def mark(self) -> int:
        """Return a mark to take back to, or to ask from."""
        return len(self._found)

    def take_back(self, mark: int) -> None:
        """Forget all since a mark."""
        del self._found[mark:]

    def first(self, mark: int = 0) -> RefusedRead | None:
        """Return the first read that raised since a mark; None if none did."""
        return self._found[mark] if len(self._found) > mark else None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Remember reads of symbolic tensors within the block; `==` compares their values."""
        symbol: Any = keras.KerasTensor
        before = {name: vars(symbol)[name] for name in _READS if name in vars(symbol)}
        new = {name: self._raising(function) for name, function in before.items()}
        new |= {name: self._lacking(text) for name, text in _LACKING.items()}
        new |= {"__getattr__": self._attribute(), "__eq__": self._equal()}
        for name, function in new.items():
            setattr(symbol, name, function)
        try:
            yield
        finally:
            for name in new:
                if name in before:
                    setattr(symbol, name, before[name])
                else:
                    delattr(symbol, name)

    def _raising(self, function: Any) -> Any:
        def read(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return function(tensor, *args, **kwargs)
            except Exception as error:
                self.add(error, sys._getframe(1))  # noqa: SLF001 # no public name
                raise

        return read

    def _lacking(self, text: str) -> Any:
        def read(tensor: Any) -> Any:
            del tensor
            error = TypeError(text)
            self.add(error, sys._getframe(1))  # noqa: SLF001 # no public name
            raise error

        return read

    def _attribute(self) -> Any:
        def read(tensor: Any, name: str) -> Any:
            error = AttributeError(f"{type(tensor).__name__!r} object has no attribute {name!r}")
            caller = sys._getframe(1)  # noqa: SLF001 # no public name
            if name in _OF_VALUES and own_frame(caller) is caller:
                self.add(error, caller)
            raise error

        return read

    def _equal(self) -> Any:
        """Return `==` of values, where own code asks: a symbolic tensor has that of objects only.

        `x == 0` would be False at once, and a mask made of it a constant.
        """

        def equal(tensor: Any, other: Any) -> Any:
            caller = sys._getframe(1)  # noqa: SLF001 # no public name
            if isinstance(other, _OPERANDS) and self.active() and own_frame(caller) is caller:
                return keras.ops.equal(tensor, other)
            return NotImplemented

        return equal
