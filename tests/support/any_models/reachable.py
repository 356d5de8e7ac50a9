"""What the generator can draw: the classes of all that its tables hold."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from support.any_models import entries
from support.any_models.chance import Chance
from support.any_models.joins import JOINS
from support.any_models.layer_tables import ANY, BY_RANK
from support.any_models.operation_forms import FORMS, NAMES, WRITTEN, Given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHAPES = {1: (4,), 2: (6, 4), 3: (6, 6, 4), 4: (4, 4, 4, 4), 5: (2, 4, 4, 4, 4)}
_TRIES = 6  # of what is drawn in several ways


def reachable() -> set[type]:
    """Return the classes of layers and operations that can be drawn, inner ones included."""
    found = set[type]()
    for made in _everything():
        for tensor in keras.tree.flatten(made):
            if isinstance(tensor, keras.KerasTensor):
                found |= set(_classes(tensor._keras_history.operation))
    return found


def _classes(operation: Any) -> Iterator[type]:
    yield type(operation)
    for name in ("layer", "forward_layer", "cell"):
        if inner := getattr(operation, name, None):
            yield from _classes(inner)
    for inner in getattr(operation, "cells", ()):
        yield from _classes(inner)


def _calls(rank: int, x: Any, y: Any) -> Iterator[Callable[[Chance], Any]]:
    yield from (
        lambda chance, each=each: each(chance)(x)
        for each in (*ANY.values(), *BY_RANK[rank].values())
    )
    yield from (lambda chance, each=each: each(chance, x) for each in WRITTEN.values())
    yield from (lambda chance, each=each: each(chance, x, y) for each in JOINS.values())


def _everything() -> Iterator[Any]:
    chance = Chance(0)
    for rank, shape in SHAPES.items():
        for call in _calls(rank, keras.Input(shape), keras.Input(shape)):
            for _ in range(_TRIES):
                with suppress(Exception):
                    yield call(chance)
    x, y = keras.Input((6, 4)), keras.Input((6, 4))
    for name in NAMES:
        for form in FORMS.values():
            with suppress(Exception):
                yield form(Given(getattr(ops, name), chance, x, y))
    for number in range(300):
        yield entries.entry(Chance(number)).tensor
