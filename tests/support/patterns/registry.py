"""The table of patterns, and what most of them are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Pattern:
    """A model builder and the widths of the groups it must have, in the order of their calls.

    `since` is the Keras that can hold it, where that is not the oldest supported; `twins` says
    whether the twin oracle applies: units that meet constants, or some of which are read more often
    than others, cannot be made twins by their weights. `seeds` is how many random models are tried,
    less where TensorFlow compiles anew for every shape.
    """

    build: Callable[[], Any]
    widths: tuple[int, ...]
    since: tuple[int, ...] = ()
    twins: bool = True
    seeds: int = 3

    @property
    def available(self) -> bool:
        """Whether this version of Keras has what it is made of."""
        return tuple(int(part) for part in keras.__version__.split(".")[:2]) >= self.since


PATTERNS: dict[str, Pattern] = {}


def pattern(*widths: int, **options: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def register(build: Callable[[], Any]) -> Callable[[], Any]:
        found = Pattern(build, widths, **options)
        if found.available:
            PATTERNS[build.__name__] = found
        return build

    return register


def conv(filters: int, size: int = 3, **options: Any) -> Any:
    return layers.Conv2D(filters, size, padding="same", **options)


def head(tensor: Any, units: int = 3) -> Any:
    """Close a model: the last layer's units are outputs, so they are pinned."""
    return layers.Dense(units, name="head")(tensor)
