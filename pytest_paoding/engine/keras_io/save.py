"""Writing a model file without training state and without times."""

from __future__ import annotations

import json
import math
import os
import shutil
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import keras
import tensorflow as tf

from pytest_paoding.engine.keras_io.archive import CONFIG, METADATA, WEIGHTS
from pytest_paoding.engine.keras_io.disk_room import require_room
from pytest_paoding.errors import ModelFileError, cause_of
from pytest_paoding.records.files.leftovers import own_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
UNSAVABLE = (AttributeError, KeyError, RuntimeError, TypeError, ValueError)
"""Errors that Keras raises for layers without a configuration."""
_BLOCK = 1 << 20
_FRAME = 1 << 12
"""Bytes in HDF5 around the values of a weight, with the groups that it is in."""


def save_model(model: Any, path: Path) -> int:
    """Write `model` as a `.keras` file and return its size in bytes.

    The file holds no compile state and no slots of an optimizer, which would double or triple it,
    and no times or addresses: a model gives the same bytes whenever it is saved. What is at `path`
    is replaced in one step, when the file is complete. The model is not changed. Cost: the weights
    are written twice, first into a folder beside `path`.

    Raises:
        ModelFileError: The model cannot be described by its configuration.
        OSError: The folder is missing, read-only or full.
    """
    try:
        with own_folder(".paoding-", within=path.parent) as folder:
            parts, lean = folder / "parts", folder / "lean.keras"
            require_room(folder, [_bytes_of(model)] * 2)
            _save_parts(model, parts)
            _pack(parts, lean)
            size = lean.stat().st_size
            lean.replace(path)
    except OSError as error:
        raise _of_path(path, error) from error
    return size


def _bytes_of(model: Any) -> int:
    """Return about how many bytes the weights take in a file, rather too many than too few."""
    kinds = (keras.backend.standardize_dtype(each.dtype) for each in model.variables)
    values = (math.prod(each.shape) for each in model.variables)
    pairs = zip(values, kinds, strict=True)
    sizes: list[int] = [number * tf.as_dtype(kind).size for number, kind in pairs]
    return sum(sizes) + _FRAME * (len(sizes) + 1)


def _save_parts(model: Any, parts: Path) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            keras.saving.save_model(uncompiled(model), parts, zipped=False)
    except (NameError, *UNSAVABLE) as error:
        if failed := _failed_write(error):
            raise failed from error
        raise ModelFileError(f"model {model.name!r} cannot be saved: {cause_of(error)}") from error


def _failed_write(error: BaseException) -> OSError | None:
    """Return the failure to write behind an error; closing what was never opened hides it."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.errno:
            return inner
        inner = inner.__context__
    return None


def _of_path(path: Path, error: OSError) -> OSError:
    """Return an error in the words of the system, which are of one line, with its file."""
    if not error.errno:
        return error
    return OSError(error.errno, os.strerror(error.errno), str(path))


def uncompiled(model: Any) -> Any:
    """Return a model that shares everything with `model` but its compile state.

    A loss or an optimizer that has no configuration can then neither prevent saving nor fill the
    file. Made without its constructor, as a model's own class may ask for any arguments.
    """
    twin = object.__new__(type(model))
    twin.__dict__.update(model.__dict__, compiled=False, optimizer=None)
    return twin


def _pack(parts: Path, lean: Path) -> None:
    """Put the files of a saved model into an archive, without times."""
    _edit(parts / CONFIG, lean_config)
    _edit(parts / METADATA, lambda metadata: {"keras_version": metadata["keras_version"]})
    _drop_optimizers(parts / WEIGHTS)
    archive_of(parts, lean)


def archive_of(folder: Path, file: Path) -> None:
    """Write a ZIP archive of a folder's files, in the order of their names and without times."""
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EPOCH)
            entry.file_size = path.stat().st_size  # tells whether it needs ZIP64
            with path.open("rb") as content, archive.open(entry, "w") as copy:
                shutil.copyfileobj(content, copy, _BLOCK)


def _edit(file: Path, change: Callable[[Any], Any]) -> None:
    file.write_text(json.dumps(change(json.loads(file.read_text("utf-8")))), "utf-8")


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


def _drop_optimizers(file: Path) -> None:
    """Leave out of a file of weights what nested models were trained with."""
    lean = file.with_suffix(".lean")
    with h5py.File(file, "r") as weights:
        if not _has_optimizer(weights):
            return
        with h5py.File(lean, "w") as copy:
            _copy_group(weights, copy)
    lean.replace(file)


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
