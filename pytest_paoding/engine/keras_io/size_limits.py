"""Loading within bounds: of weights that the file has values for, and of calls of layers."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 4
_ALWAYS_ALLOWED = 1 << 20


@contextmanager
def bounded_weights(stored: int) -> Iterator[None]:
    """Refuse, before it is allocated, a weight beyond what a file of `stored` values can fill.

    Every layer of Keras makes its weights by `add_weight`, whose shape is known only once the
    layers before it are built. Within the block it counts the values asked for; four times those
    stored, and a million more, are allowed, as some layers make variables that are not stored.

    Raises:
        ModelFileError: More was asked for; the layer and the shape are named.
    """
    original = keras.layers.Layer.add_weight
    asked = 0
    refusals: list[str] = []

    def add_weight(layer: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal asked
        shape = () if shape is None else shape
        asked += math.prod(shape)
        if asked > _MOST * stored + _ALWAYS_ALLOWED:
            refusals.append(
                f"layer {layer.name!r} declares a weight of shape {tuple(shape)}, but the file "
                f"stores {stored:,} values in all: it is damaged or forged, save the model again"
            )
            raise ModelFileError(refusals[0])
        return original(layer, shape, *args, **kwargs)

    keras.layers.Layer.add_weight = add_weight
    try:
        yield
    except Exception as error:
        if refusals:  # Keras may have wrapped it
            raise ModelFileError(refusals[0]) from error
        raise
    finally:
        keras.layers.Layer.add_weight = original


@contextmanager
def sequentials_built_once() -> Iterator[None]:
    """Let Keras build a Sequential model when it has all layers, not anew for each of them.

    A file of 400 layers takes it half a minute otherwise, and one of 4,000 an hour.
    """
    original = vars(keras.Sequential)["from_config"]

    def from_config(kind: type, config: Any, custom_objects: Any = None) -> Any:
        shape = config.get("build_input_shape")
        with _adding_only():
            parts = {key: each for key, each in config.items() if key != "build_input_shape"}
            model = original.__func__(kind, parts, custom_objects=custom_objects)
        if model._layers:  # noqa: SLF001 # no public name, as below
            model._maybe_rebuild()  # noqa: SLF001
        if shape and isinstance(shape, (list, tuple)) and model._functional is None:  # noqa: SLF001
            model.build(shape)
        return model

    keras.Sequential.from_config = classmethod(from_config)
    try:
        yield
    finally:
        keras.Sequential.from_config = original


@contextmanager
def _adding_only() -> Iterator[None]:
    original = keras.Sequential.add

    def add(model: Any, layer: Any, rebuild: bool = False) -> None:  # noqa: FBT001, FBT002 # as in Keras
        original(model, layer, rebuild=rebuild)

    keras.Sequential.add = add
    try:
        yield
    finally:
        keras.Sequential.add = original
