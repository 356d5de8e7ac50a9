"""What Python attributes of a model hold, left as it was by running its code.

Code counts its calls, fills caches and appends to lists. Variables are kept by the scopes that the
code runs in (see `equality` and `assignments`); this keeps the rest.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.surgery.opening.own_code import named_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FOREIGN = ("builtins", "keras", "tensorflow", "numpy", "functools", "threading", "weakref")


@contextmanager
def attributes_kept(model: Any) -> Iterator[None]:
    """Leave attributes of a model, its layers and their classes as they were, and what they hold.

    Lists, dicts, sets, arrays and objects of the project's own classes are followed to any depth.

    Memory: a copy of every array of NumPy that an attribute holds.
    """
    restore: list[Callable[[], None]] = []
    seen: set[int] = set()
    layers = (model, *named_layers(model))
    owners = dict.fromkeys(owner for layer in layers for owner in _own(layer))
    queue = deque([*layers, *(value for owner in owners for value in _held(owner))])
    while queue:
        value = queue.popleft()
        if id(value) not in seen:
            seen.add(id(value))
            queue.extend(_keep(value, restore))
    restore += map(_class_restored, owners)
    try:
        yield
    finally:
        for each in restore:
            each()


def _keep(value: Any, restore: list[Callable[[], None]]) -> Iterable[Any]:
    """Add what brings a value back to what it is; return what it holds."""
    if isinstance(value, np.ndarray):
        restore.append(_array_restored(value))
        return ()
    if isinstance(value, dict):
        restore.append(_dict_restored(value))
        return tuple(value.values())
    if isinstance(value, (list, deque, set)):
        restore.append(_restored(value))
        return tuple(value)
    if isinstance(value, tuple):
        return value
    if isinstance(value, keras.layers.Layer) or _is_own(type(value)):
        attributes = getattr(value, "__dict__", None)
        return () if attributes is None or isinstance(value, type) else (attributes,)
    return ()


def _is_own(owner: type) -> bool:
    return owner.__module__.partition(".")[0] not in _FOREIGN


def _own(layer: Any) -> list[type]:
    return [each for each in type(layer).__mro__ if _is_own(each)]


def _array_restored(array: Any) -> Callable[[], None]:
    before = array.copy()

    def restored() -> None:
        if array.flags.writeable:
            array[...] = before

    return restored


def _dict_restored(value: dict[Any, Any]) -> Callable[[], None]:
    before = dict(value)

    def restored() -> None:  # by the plain class: those of Keras track what is put in
        if not _same(before.items(), value.items()):
            dict.clear(value)
            dict.update(value, before)

    return restored


def _restored(value: Any) -> Callable[[], None]:
    plain: Any = next(each for each in (list, deque, set) if isinstance(value, each))
    before = tuple(value)

    def restored() -> None:
        if len(before) != len(value) or any(a is not b for a, b in zip(before, value, strict=True)):
            plain.clear(value)
            (plain.update if plain is set else plain.extend)(value, before)

    return restored


def _held(owner: type) -> list[Any]:
    return [value for name, value in vars(owner).items() if not name.startswith("__")]


def _class_restored(owner: type) -> Callable[[], None]:
    before = dict(vars(owner))

    def restored() -> None:
        for name, value in dict(vars(owner)).items():
            if name not in before:
                delattr(owner, name)
            elif value is not before[name]:
                setattr(owner, name, before[name])

    return restored


def _same(one: Any, two: Any) -> bool:
    """Whether two dicts hold the same objects under the same keys, in the same order."""
    first, second = list(one), list(two)
    return len(first) == len(second) and all(
        a is c and b is d for (a, b), (c, d) in zip(first, second, strict=True)
    )
