"""What calling a layer does around running its code: what it takes, dtypes and masks."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from pytest_paoding.engine.graph.functional import is_nested

FLOATING = ("float", "bfloat")


def parameters_of(layer: Any) -> tuple[str, ...]:
    """Return the names of what a layer's `call` takes; `**` among them if it takes any other."""
    parameters = inspect.signature(layer.call).parameters.values()
    return tuple("**" if each.kind is each.VAR_KEYWORD else each.name for each in parameters)


def reads_other_shapes(layer: Any, args: Any) -> bool:
    """Whether a model with a graph is called on other shapes than it was made for."""
    if not is_nested(layer):
        return False
    tensors = keras.tree.flatten(args)
    pairs = zip(layer.inputs, tensors, strict=False)
    return any(tuple(mine.shape[1:]) != tuple(given.shape[1:]) for mine, given in pairs)


def cast(layer: Any, value: Any) -> Any:
    """Return a floating-point tensor in the dtype that a layer computes in."""
    if not isinstance(value, keras.KerasTensor) or not layer.autocast:
        return value
    wanted = layer.compute_dtype
    floating = value.dtype.startswith(FLOATING) and wanted.startswith(FLOATING)
    return keras.ops.cast(value, wanted) if floating and value.dtype != wanted else value


def mask_of(tensor: Any) -> Any:
    """Return the mask that Keras has put on a tensor; None if none."""
    return getattr(tensor, "_keras_mask", None)


def hand_on_masks(masks: Any, outputs: Any) -> None:
    """Put masks on outputs that have none."""
    flat = keras.tree.flatten(masks)
    for mask, tensor in zip(flat, keras.tree.flatten(outputs), strict=False):
        if mask is not None and mask_of(tensor) is None:
            tensor._keras_mask = mask  # noqa: SLF001 # as Keras does; no public name
