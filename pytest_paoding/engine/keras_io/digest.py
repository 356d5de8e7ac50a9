"""A digest that is equal for models that are equal bit for bit."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.keras_io.assets import assets_of
from pytest_paoding.engine.keras_io.compilation import judged_by
from pytest_paoding.engine.keras_io.identity import is_closed
from pytest_paoding.engine.keras_io.own_objects import own_objects
from pytest_paoding.engine.keras_io.save import UNSAVABLE, lean_config, uncompiled
from pytest_paoding.errors import ModelFileError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def digest(model: Any) -> str:
    """Return `sha256:...` over a model's configuration and weights.

    It covers every layer's class, name and configuration, every weight's shape, dtype and bits, and
    vocabularies that layers were adapted to; not how the model is compiled, nor when or where it
    was built or saved.

    Raises:
        ModelFileError: The model cannot be described by its configuration.
    """
    found = hashlib.sha256()
    for part in _parts(model):
        found.update(part)
    return f"sha256:{found.hexdigest()}"


def identify(model: Any) -> str | None:
    """Return the digest of a model, and of the losses and metrics that it is judged by.

    None where it has layers, losses or metrics whose code is the project's own.
    """
    told = judged_by(model)
    text = json.dumps(told, sort_keys=True, default=repr)
    if own_objects(model) or ">" in text:  # which the name of what is registered has
        return None
    try:
        if not is_closed([_architecture(model), told]):
            return None
        found = digest(model)
    except ModelFileError:
        return None
    if not told:
        return found
    return f"{found} compiled:{hashlib.sha256(text.encode()).hexdigest()}"


def _parts(model: Any) -> Iterator[Any]:
    yield json.dumps(_architecture(model), sort_keys=True).encode()
    for weight in model.weights:
        array = np.ascontiguousarray(weight)  # TensorFlow's own memory: nothing is copied
        yield f"{array.dtype} {array.shape}".encode()
        yield array.reshape(-1).view(np.uint8).data
    yield from assets_of(model)


def _architecture(model: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return lean_config(keras.saving.serialize_keras_object(uncompiled(model)))
    except UNSAVABLE as error:
        raise ModelFileError(
            f"model {model.name!r} cannot be described: {cause_of(error)}"
        ) from error
