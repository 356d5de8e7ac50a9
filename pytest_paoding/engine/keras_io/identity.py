"""Digests that results are stored under; none where code takes part that no digest covers.

Nothing here imports Keras or NumPy: an unchanged model shall be recognised without them.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING, Any

from pytest_paoding.engine.bounded_reading import json_member, opened_archive
from pytest_paoding.engine.configs import objects_in
from pytest_paoding.engine.damage import refusing
from pytest_paoding.engine.keras_functions import KERAS_FUNCTIONS
from pytest_paoding.errors import ModelFileError
from pytest_paoding.records.files.digests import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REGISTRY = "pytest_paoding.engine.graph.rules.registry"


def of_file(path: Path) -> str | None:
    """Return a digest of a `.keras` file; None where it does not tell that all code is Keras's own.

    It does not of a function that Keras writes down by its bare name, and other files do not at
    all: of these the model has to be loaded.
    """
    try:
        with refusing(path, ModelFileError, "is no archive: {}"):
            with opened_archive(path) as archive:
                config = dict(json_member(archive, "config.json"))
            compiled = config.pop("compile_config", None)  # of which nothing is built
            bare = any(_is_bare_function(node) for _, node in objects_in(config))
            closed = not bare and is_closed([config, compiled])
            return f"file:{sha256_of(path)}" if closed else None
    except ModelFileError:
        return None


def is_closed(config: Any) -> bool:
    """Whether all code of a configured model is Keras's own, or in the configuration itself."""
    return _only_own_rules() and not any(_is_foreign(node) for _, node in objects_in(config))


def _is_foreign(node: dict[str, Any]) -> bool:
    if "class_name" not in node:
        return False
    if _is_bare_function(node) and node.get("config") not in KERAS_FUNCTIONS:
        return True
    module, registered = node.get("module"), node.get("registered_name")
    if module is None:
        ours = registered is None  # Keras says where its own things are, or registers nothing
    else:
        ours = str(module).split(".")[0] in {"keras", "builtins"}
    name = node.get("config") if node["class_name"] == "function" else node["class_name"]
    return not ours or ">" in f"{registered} {name}"


def _is_bare_function(node: dict[str, Any]) -> bool:
    return node.get("class_name") == "function" and node.get("module") in (None, "builtins")


def _only_own_rules() -> bool:
    """Whether no project has registered pruning rules, which are code too."""
    registry = sys.modules.get(_REGISTRY)
    rules = [] if registry is None else vars(registry)["_rules"].values()
    return all(each.__module__.startswith("pytest_paoding.") for each in rules)


def of_data(data: Any) -> str | None:
    """Return a digest of arrays, alone or in lists, tuples and dicts; None for anything else."""
    found = hashlib.sha256()
    try:
        for part in _parts(data):
            found.update(part)
    except TypeError:
        return None
    return f"data:{found.hexdigest()}"


def _parts(data: Any) -> Iterator[bytes]:
    """Yield the bytes that a digest of data covers.

    Raises:
        TypeError: It may be used up by reading, or mean something that its bytes do not tell.
    """
    if isinstance(data, dict):
        yield repr(list(data)).encode()
        data = list(data.values())
    if isinstance(data, (list, tuple)):
        yield f"{type(data).__name__} {len(data)}".encode()
        for inner in data:
            yield from _parts(inner)
    elif data is None or isinstance(data, (bool, int, float, str)):
        yield repr(data).encode()
    elif type(data).__module__ == "numpy" and data.dtype.kind in "biufc":
        yield f"{data.dtype} {data.shape}".encode()
        yield data.tobytes()
    else:
        raise TypeError(type(data).__name__)
