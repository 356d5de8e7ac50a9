"""Loading a model file, safely, or refusing it in one clear line."""

from __future__ import annotations

import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

from pytest_paoding.engine.guard import preserved_random_state
from pytest_paoding.engine.keras_io.archive import inspect
from pytest_paoding.engine.keras_io.compilation import keep_compile_config
from pytest_paoding.engine.keras_io.legacy import legacy_layers
from pytest_paoding.engine.keras_io.size_limits import bounded_weights
from pytest_paoding.errors import ModelFileError, cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_paoding.engine.keras_io.archive import ModelFile

_REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    tf.errors.OpError,
    zipfile.BadZipFile,
)


def load_model(path: Path) -> Any:
    """Return the model in a `.keras` archive or an HDF5 file, uncompiled.

    Nothing of the file is executed: functions stored as code are refused, and classes of one's own
    must have been registered by the program that loads. Losses, metrics and the optimizer are not
    restored, so that none of them can fail: judging a model needs none.

    Raises:
        ModelFileError: There is no such file, it is not one of Keras 3 (or HDF5 of Keras 2), it is
            damaged, holds code, declares more weights than it stores, or needs an unknown class.
    """
    file = inspect(path)
    unknown = sorted(set(_unregistered(file.config)))
    if unknown:
        raise ModelFileError(
            f"{path}: needs the class {unknown[0]!r}, which is not known here: import the module "
            f"that registers it (@keras.saving.register_keras_serializable), say in conftest.py"
        )
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
    try:
        with warnings.catch_warnings(), preserved_random_state(), bounded_weights(file.values):
            warnings.simplefilter("ignore")
            model = keras.models.load_model(
                path, custom_objects=objects, compile=False, safe_mode=safe
            )
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except _REFUSALS as error:
        raise ModelFileError(f"{path}: cannot be loaded: {cause_of(error)}") from error
    keep_compile_config(model, file.compiled)
    return model


def _unregistered(config: Any) -> Iterator[str]:
    """Yield the names of classes outside Keras that a configuration needs and nobody registered."""
    if isinstance(config, list):
        for each in config:
            yield from _unregistered(each)
    elif isinstance(config, dict):
        name = config.get("registered_name")
        if isinstance(name, str) and config.get("class_name") != "function" and not _known(config):
            yield name
        for each in config.values():
            yield from _unregistered(each)


def _known(config: dict[str, Any]) -> bool:
    module = config.get("module")
    if isinstance(module, str) and module.partition(".")[0] == "keras":
        return True
    return keras.saving.get_registered_object(config["registered_name"]) is not None
