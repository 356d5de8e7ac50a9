"""Loading a model file, safely, or refusing it in one clear line."""

from __future__ import annotations

import warnings
from math import prod
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.damage import MOST_VALUES, refusing
from pytest_paoding.engine.guard import preserved_random_state
from pytest_paoding.engine.keras_io.archive import inspect
from pytest_paoding.engine.keras_io.compilation import keep_compile_config
from pytest_paoding.engine.keras_io.known_objects import refuse_unknown
from pytest_paoding.engine.keras_io.legacy import legacy_layers
from pytest_paoding.engine.keras_io.size_limits import bounded_weights, sequentials_built_once
from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.engine.keras_io.archive import ModelFile


def load_model(path: Path, file: ModelFile | None = None) -> Any:
    """Return the model in a `.keras` archive or an HDF5 file, uncompiled.

    Nothing of the file is executed: functions stored as code are refused, classes of one's own must
    have been registered by the program that loads, and no other file is opened. Losses, metrics and
    the optimizer are not restored, so that none of them can fail: judging a model needs none.

    Args:
        path: The file.
        file: What `inspect` says of it; None to look at it here.

    Raises:
        ModelFileError: There is no such file, it is not one of Keras 3 (or HDF5 of Keras 2), it is
            damaged, holds code, declares more weights than it stores, or needs an unknown class.
    """
    file = inspect(path) if file is None else file
    with refusing(path, ModelFileError, "is damaged ({}): save the model again"):
        refuse_unknown(path, file.config)
    return _built(path, file, legacy_layers() if file.legacy else {}, safe=True)


def load_own(path: Path, objects: Mapping[str, Any]) -> Any:
    """Return the model in a file that this program has just saved, uncompiled.

    It is loaded as any file is, but code in it, which is the program's own, is run.

    Args:
        path: The file.
        objects: Classes and functions that the model is made of, registered or not, by name.

    Raises:
        ModelFileError: It cannot be loaded.
    """
    return _built(path, inspect(path, own=True), objects, safe=False)


def _built(path: Path, file: ModelFile, objects: Mapping[str, Any], *, safe: bool) -> Any:
    with refusing(path, ModelFileError, "cannot be loaded: {}"):
        with (
            warnings.catch_warnings(),
            preserved_random_state(),
            bounded_weights(file.values),
            sequentials_built_once(),
        ):
            warnings.simplefilter("ignore")
            model = keras.models.load_model(
                path, custom_objects=objects, compile=False, safe_mode=safe
            )
        _refuse_huge_tensors(model)
    keep_compile_config(model, file.compiled)
    return model


def _refuse_huge_tensors(model: Any) -> None:
    """Refuse a model that cannot be run on one batch, such as one of a fixed 1,000,000,000 samples.

    Raises:
        ModelFileError: It is; the layer is named.
    """
    for layer in model._flatten_layers():  # noqa: SLF001 # no public name
        for node in layer._inbound_nodes:  # noqa: SLF001 # as above
            for tensor in node.output_tensors:
                values = prod(1 if size is None else size for size in tensor.shape)
                if values > MOST_VALUES:
                    raise ModelFileError(
                        f"layer {layer.name!r} gives a tensor of the shape {tuple(tensor.shape)}, "
                        f"which is more than {MOST_VALUES:,} values: it is damaged or forged"
                    )
