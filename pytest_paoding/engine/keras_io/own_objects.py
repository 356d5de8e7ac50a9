"""The classes and functions of one's own that a model is made of."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.keras_classes import KERAS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_KNOWN = ("keras", "builtins", "numpy", "tensorflow")


def own_objects(model: Any) -> dict[str, Any]:
    """Return classes and functions that Keras does not know by itself, by name.

    Those of layers at any depth and of what layers hold: activations, initializers, regularizers,
    and the like, alone or in lists, tuples and dicts. Whoever loads a file of the model has to
    register the same.
    """
    layers = model._flatten_layers()  # noqa: SLF001 # no public name
    held = (each for layer in layers for each in (layer, *_held(layer)))
    owners = (each if inspect.isfunction(each) else type(each) for each in held)
    return {owner.__name__: owner for owner in owners if is_own(owner)}


def is_own(owner: Any) -> bool:
    """Whether a class or a function is the project's, or another package's."""
    return str(owner.__module__).partition(".")[0] not in _KNOWN


def _held(layer: Any) -> Iterator[Any]:
    """Yield what a layer was given: functions, and objects that have a configuration."""
    for each in _leaves(vars(layer)):
        if hasattr(each, "get_config") or (inspect.isfunction(each) and not _is_of(layer, each)):
            yield each


def _is_of(layer: Any, function: Any) -> bool:
    """Whether a function is the code of a layer's own class, which Keras wraps and keeps."""
    owner = function.__qualname__.rpartition(".")[0]
    return owner in {each.__qualname__ for each in type(layer).mro()}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _leaves(each)
    elif not isinstance(value, (KERAS_VARIABLE, keras.KerasTensor)):
        yield value
