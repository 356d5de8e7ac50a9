"""The table of patterns, and their commonest parts."""

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

    `since` is the Keras that can hold it, if not the oldest supported. `mergeable` is False where
    units meet constants, or some are read more often than others: copied weights do not make such
    units equal, so the merge oracle does not apply. `seeds` is the number of random models tried,
    fewer where TensorFlow compiles again for every shape. `varied` marks a selection that holds
    every kind of layer, for the slower tests.
    """

    build: Callable[[], Any]
    widths: tuple[int, ...]
    since: tuple[int, ...] = ()
    mergeable: bool = True
    seeds: int = 3
    varied: bool = False

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
