"""Heirs: classes that extend one of Keras without changing what it computes."""

from __future__ import annotations

from functools import cache
from typing import Any

_HARMLESS = frozenset(
    {
        *("__init__", "get_config", "from_config", "__repr__", "__str__"),
        *("__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__slots__"),
        *("__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__"),
        *("__firstlineno__", "__static_attributes__", "__abstractmethods__", "_abc_impl"),
    }
)
"""Attributes of a class that say nothing of what its instances compute."""


def computed_as(operation: Any) -> type:
    """Return the class that says what an operation computes.

    That is its own, or the one of Keras whose attributes it and its further bases leave alone but
    for those of construction: any other may be one that the computation goes through.

    >>> import keras
    >>> computed_as(type("Named", (keras.layers.Dense,), {})(3)).__name__
    'Dense'
    >>> computed_as(type("Other", (keras.layers.Dense,), {"call": lambda *_: None})(3)).__name__
    'Other'
    """
    own: type = type(operation)
    return _said_by(own)


@cache
def _said_by(own: type) -> type:
    base = next((each for each in own.__mro__ if of_keras(each)), own)
    kept = frozenset(dir(base)) - _HARMLESS
    added = [each for each in own.__mro__ if each not in base.__mro__]
    return own if any(kept & vars(each).keys() for each in added) else base


def of_keras(kind: type) -> bool:
    """Whether a class is one of Keras's own."""
    return kind.__module__.partition(".")[0] == "keras"
