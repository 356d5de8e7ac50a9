"""The declarations of a model file, read before anything in it is built or run.

A file can be forged, or damaged, so that reading it, or building what it declares, takes more than
the machine has, or for ever. Both are refused here: by its sizes before it is read, and by how many
values it stores. What its configuration names is held against `known_objects`.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py

from pytest_paoding.engine.bounded_reading import (
    json_member,
    opened_archive,
    require_file,
)
from pytest_paoding.engine.configs import objects_in
from pytest_paoding.engine.damage import refusing
from pytest_paoding.engine.keras_io.stored_values import json_attribute, stored_values
from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file before it is loaded.

    Attributes:
        config: The model's configuration.
        values: How many numbers it stores, weights and optimizer together.
        legacy: Whether it is an HDF5 file rather than a `.keras` archive.
        compiled: How the model was compiled, as it says; None where it does not.
    """

    config: Mapping[str, Any]
    values: int
    legacy: bool
    compiled: Any = None


def inspect(path: Path, *, own: bool = False) -> ModelFile:
    """Read what a model file declares and stores; nothing in it is built or run.

    Args:
        path: The file.
        own: Whether this program has written it, so that it may hold code.

    Cost: one read of the configuration and of the shapes of the weights.

    Raises:
        ModelFileError: It is missing, empty, a folder, truncated, of another format, of Keras 2, or
            holds code (a Lambda).
    """
    legacy = require_model_file(path).startswith(_HDF5)
    with refusing(path, ModelFileError, "is damaged or truncated ({}): save the model again"):
        file = _hdf5(path) if legacy else _archive(path)
        if not own:
            _refuse_code(path, file.config)
        return file


def require_model_file(path: Path) -> bytes:
    """Return the first bytes of a file that looks like one of a model.

    Raises:
        ModelFileError: It is missing, empty, a folder or of another format.
    """
    try:
        if path.is_dir():
            raise ModelFileError(f"{path}: {_folder(path)}")
        require_file(path)
        with path.open("rb") as file:
            head = file.read(len(_HDF5))
    except FileNotFoundError:
        raise ModelFileError(f"{path}: there is no such file: train and save it first") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a null character
        raise ModelFileError(f"{path}: cannot be read: {error}") from error
    if not head:
        raise ModelFileError(f"{path}: is empty: save the model again")
    if not head.startswith((_ZIP, _HDF5)):
        raise ModelFileError(
            f"{path}: is not a Keras model (neither a .keras archive nor HDF5): "
            f"save it with model.save('NAME.keras')"
        )
    return head


def _folder(path: Path) -> str:
    if (path / "saved_model.pb").exists():
        return (
            "is a SavedModel folder, whose layers Keras 3 cannot load: save the model with "
            "model.save('NAME.keras'), or from Keras 2 with model.save('NAME.h5')"
        )
    return "is a folder: give the path of a .keras file"


def _archive(path: Path) -> ModelFile:
    with opened_archive(path) as archive:
        names = archive.namelist()
        missing = {CONFIG, METADATA, WEIGHTS}.difference(names)
        if missing:
            raise ModelFileError(
                f"{path}: is a zip archive without {min(missing)}, not a Keras model: "
                f"save it with model.save('NAME.keras')"
            )
        if path.suffix != ".keras":
            raise ModelFileError(f"{path}: is a .keras archive: rename it to {path.stem}.keras")
        version = str(json_member(archive, METADATA).get("keras_version", ""))
        if version.startswith("2."):
            raise ModelFileError(
                f"{path}: was saved by Keras {version}, whose .keras files Keras 3 cannot read: "
                f"load it there and save it with model.save('NAME.h5')"
            )
        config = dict(json_member(archive, CONFIG))
        compiled = config.pop("compile_config", None)  # which is not loaded
        with _weights(archive) as weights:
            values = stored_values(path, weights, archive.getinfo(WEIGHTS).file_size)
            return ModelFile(config, values, legacy=False, compiled=compiled)


@contextmanager
def _weights(archive: zipfile.ZipFile) -> Iterator[Any]:
    """Open the weights in place; where they are compressed, seeking would be slow, in memory."""
    stored = archive.getinfo(WEIGHTS).compress_type == zipfile.ZIP_STORED
    with archive.open(WEIGHTS) as member:
        content: Any = member if stored else io.BytesIO(member.read())
        with h5py.File(content, "r") as weights:
            yield weights


def _hdf5(path: Path) -> ModelFile:
    if path.suffix not in (".h5", ".hdf5"):
        raise ModelFileError(f"{path}: is an HDF5 file: rename it to {path.stem}.h5")
    with h5py.File(path, "r") as file:
        values = stored_values(path, file, path.stat().st_size)
        config = json_attribute(file, "model_config")
        if config is None:
            raise ModelFileError(
                f"{path}: is an HDF5 file without a model, perhaps weights only: "
                f"save the whole model with model.save('NAME.keras')"
            )
        if not isinstance(config, dict):
            raise ValueError("model_config holds no object")  # noqa: TRY004 - the file is wrong
        compiled = json_attribute(file, "training_config")
        return ModelFile(config, values, legacy=True, compiled=compiled)


def _refuse_code(path: Path, config: Any) -> None:
    for name, node in objects_in(config):
        if _is_code(node):
            raise ModelFileError(
                f"{path}: {name!r} holds a Python lambda, code that loading would run: replace it "
                f"by a layer class or keras.ops, or hand the built model to paoding.check()"
            )


def _is_code(node: dict[str, Any]) -> bool:
    """Whether a configuration holds a pickled function, in any of the ways that Keras has had."""
    if node.get("class_name") == "__lambda__" or node.get("function_type") == "lambda":
        return True
    inner = node.get("config") if node.get("class_name") == "Lambda" else None
    return isinstance(inner, dict) and isinstance(inner.get("function"), list)
