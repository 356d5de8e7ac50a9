"""What a model's code assigns to variables while it computes, remembered and not done.

No graph of layers assigns. What is assigned and never changes what is computed, such as a counter
of calls, may be left out; the rest is refused (see `equality`).
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from pytest_paoding.engine.keras_classes import KERAS_VARIABLE
from pytest_paoding.engine.surgery.opening.user_lines import place_of_frame
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_METHODS = ("assign", "assign_add", "assign_sub")


class Assignments:
    """Variables of Keras that code has assigned to, by id, each with where it was first done.

    Attributes:
        places: The places, as text; "" where no own code did it.
        variables: The variables.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.places: dict[int, str] = {}
        self.variables: dict[int, Any] = {}

    @contextmanager
    def watching(self, active: Callable[[], bool]) -> Iterator[None]:
        """Keep variables as they are within the block, where `active` says so.

        Raises:
            PruningError: One of TensorFlow's own is assigned, which nothing could undo.
        """

        def keep(function: Any) -> Any:
            def assign(variable: Any, value: Any = None, *args: Any, **kwargs: Any) -> Any:
                if not active():
                    return function(variable, value, *args, **kwargs)
                place = place_of_frame(sys._getframe(1))  # noqa: SLF001 # no public name
                self.places.setdefault(id(variable), "" if place is None else f"{place}: ")
                self.variables[id(variable)] = variable
                return value

            return assign

        kept = {name: keep(getattr(KERAS_VARIABLE, name)) for name in _METHODS}
        with _replaced(KERAS_VARIABLE, kept), refused_of_tensorflow(active):
            yield


@contextmanager
def refused_of_tensorflow(active: Callable[[], bool]) -> Iterator[None]:
    """Refuse within the block, where `active` says so, that own code assigns a `tf.Variable`."""

    def refuse(function: Any) -> Any:
        def assign(variable: Any, *args: Any, **kwargs: Any) -> Any:
            caller = sys._getframe(1)  # noqa: SLF001 # no public name
            place = place_of_frame(caller) if active() else None
            if place is None or caller.f_code is _DIRECT:
                return function(variable, *args, **kwargs)
            raise PruningError(f"{place}: it assigns to {variable.name!r} what no graph can keep")

        return assign

    new = {name: refuse(getattr(ResourceVariable, name)) for name in _METHODS}
    with _replaced(ResourceVariable, new):
        yield


_DIRECT = getattr(keras.Variable._direct_assign, "__code__", None)  # noqa: SLF001 # Keras' own way


@contextmanager
def _replaced(owner: Any, methods: Mapping[str, Any]) -> Iterator[None]:
    """Give a class other methods within the block."""
    before = {name: vars(owner)[name] for name in methods if name in vars(owner)}
    for name, method in methods.items():
        setattr(owner, name, method)
    try:
        yield
    finally:
        for name in methods:
            if name in before:
                setattr(owner, name, before[name])
            else:
                delattr(owner, name)
