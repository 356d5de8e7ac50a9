"""Calling one layer by itself as its model does for inference.

A model tells its layers that nothing trains, whatever they were told when it was built. One that is
called alone goes by that, or by what its own `call` has as a default: those of Keras that augment
pictures train then, and draw random numbers.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def called(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return what a layer or operation gives for inference."""
    if kwargs.get("training"):
        kwargs = {**kwargs, "training": False}
    if not any(map(_trains, _parts(operation))):
        return operation(*args, **kwargs)
    return _inference()(work=lambda: operation(*args, **kwargs), training=False)


def _parts(operation: Any) -> list[type]:
    """Return the classes of a layer and of all layers inside it; none of an operation."""
    if not isinstance(operation, keras.layers.Layer):
        return []
    return [type(each) for each in operation._flatten_layers()]  # noqa: SLF001 # no public name


@cache
def _trains(kind: type) -> bool:
    """Whether layers of a class train where nobody tells them not to."""
    known = inspect.signature(kind.call).parameters.get("training")  # type: ignore[attr-defined]  # layers have it
    return known is not None and bool(known.default) and known.default is not known.empty


class _Inference(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Runs work in which layers are told that nothing trains."""

    def call(self, *, work: Callable[[], Any], training: bool = False) -> Any:
        """Do the work; that this layer is not training is handed on to those it calls."""
        del training
        return work()


@cache
def _inference() -> _Inference:
    return _Inference(name="inference", dtype="float32", autocast=False)
