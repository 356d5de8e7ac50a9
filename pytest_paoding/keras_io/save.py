"""Writing a model file: without what only training needs, and without what tells when."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import keras

from pytest_paoding.errors import ModelFileError, cause_of
from pytest_paoding.keras_io.archive import CONFIG, METADATA, WEIGHTS

if TYPE_CHECKING:
    from typing import IO

_EPOCH = (1980, 1, 1, 0, 0, 0)
UNSAVABLE = (AttributeError, NotImplementedError, TypeError, ValueError)
"""What Keras raises for layers that have no configuration."""
_BLOCK = 1 << 20


def save_model(model: Any, path: Path) -> int:
    """Write `model` as a `.keras` file and return its size in bytes.

    The file holds no compile state and no slots of an optimizer, which would double or triple it,
    and no times or addresses: a model gives the same bytes whenever it is saved. What is at `path`
    is replaced in one step, when the file is complete. The model is not changed. Cost: its weights
    are written twice.

    Raises:
        ModelFileError: The model cannot be described by its configuration.
        OSError: The folder is missing, read-only or full.
    """
    with tempfile.TemporaryDirectory(prefix=".paoding-", dir=path.parent) as folder:
        written, lean = Path(folder, "written.keras"), Path(folder, "lean.keras")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                keras.saving.save_model(uncompiled(model), written)
        except UNSAVABLE as error:
            raise ModelFileError(
                f"model {model.name!r} cannot be saved: {cause_of(error)}"
            ) from error
        _copy(written, lean)
        size = lean.stat().st_size
        lean.replace(path)
    return size


def uncompiled(model: Any) -> Any:
    """Return a model that shares everything with `model` but its compile state.

    A loss or an optimizer that has no configuration can then neither prevent saving nor fill the
    file. Made without its constructor, as a model's own class may ask for any arguments.
    """
    twin = object.__new__(type(model))
    twin.__dict__.update(model.__dict__, compiled=False, optimizer=None)
    return twin


def _copy(written: Path, lean: Path) -> None:
    """Copy an archive without times and without what nested models were compiled with."""
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(lean, "w") as target:
        for name in sorted(source.namelist()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.file_size = source.getinfo(name).file_size  # tells whether it needs ZIP64
            with (
                source.open(name) as content,
                _lean(name, content, lean.parent) as kept,
                target.open(entry, "w") as copy,
            ):
                shutil.copyfileobj(kept, copy, _BLOCK)


def _lean(name: str, content: IO[bytes], folder: Path) -> IO[bytes]:
    if name == CONFIG:
        return _encoded(lean_config(json.load(content)))
    if name == METADATA:
        return _encoded({"keras_version": json.load(content)["keras_version"]})
    if name == WEIGHTS:
        return _lean_weights(content, folder)
    return content


def _encoded(value: Any) -> IO[bytes]:
    return io.BytesIO(json.dumps(value).encode())


def lean_config(config: Any, ids: dict[int, int] | None = None) -> Any:
    """Return a model's configuration uncompiled and without addresses.

    Keras names objects that are shared by their addresses; `ids` gives each a number, in the order
    in which they are met.
    """
    ids = {} if ids is None else ids
    if isinstance(config, list):
        return [lean_config(each, ids) for each in config]
    if not isinstance(config, dict):
        return config
    lean = {key: lean_config(config[key], ids) for key in config if key != "compile_config"}
    if "shared_object_id" in lean:
        lean["shared_object_id"] = ids.setdefault(lean["shared_object_id"], len(ids) + 1)
    return lean


def _lean_weights(content: IO[bytes], folder: Path) -> IO[bytes]:
    """Return the weights without optimizers of nested models; the same stream if there are none."""
    with h5py.File(content, "r") as weights:
        if not _has_optimizer(weights):
            content.seek(0)
            return content
        path = folder / WEIGHTS
        with h5py.File(path, "w") as lean:
            _copy_group(weights, lean)
    return path.open("rb")


def _has_optimizer(group: Any) -> bool:
    return any(
        _is_optimizer(group, name)
        or (isinstance(group[name], h5py.Group) and _has_optimizer(group[name]))
        for name in group
    )


def _is_optimizer(group: Any, name: str) -> bool:
    """Whether the member `name` of a group is the optimizer of a model: models have layers."""
    return name == "optimizer" and "layers" in group


def _copy_group(source: Any, target: Any) -> None:
    target.attrs.update(source.attrs)
    for name in source:
        if isinstance(source[name], h5py.Dataset):
            source.copy(name, target)
        elif not _is_optimizer(source, name):
            _copy_group(source[name], target.create_group(name))
