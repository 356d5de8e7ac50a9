"""Loading within bounds: no layer gets a weight that the file has no values for."""

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
