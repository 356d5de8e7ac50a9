"""A model of one process for another, which may run Keras on another backend."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.keras_io.compilation import judged_by, keep_compile_config
from pytest_paoding.engine.keras_io.load import load_own
from pytest_paoding.engine.keras_io.own_objects import is_own, own_objects
from pytest_paoding.engine.keras_io.save import save_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_OURS = "pytest_paoding."
_REGISTRIES = (
    ("pytest_paoding.engine.graph.rules.registry", "_rules"),
    ("pytest_paoding.engine.execution.work.macs", "_counters"),
)


def hand_over(model: Any, path: Path) -> dict[str, Any]:
    """Write a model, and beside it what it is judged by.

    Returns:
        The classes and functions of the project that it is made of, by name.

    Raises:
        ModelFileError: It cannot be described by its configuration.
        OSError: A file cannot be written.
    """
    save_model(model, path)
    told = json.dumps(judged_by(model), default=repr)
    _beside(path).write_text(told, encoding="utf-8")
    return own_objects(model)


def take_over(path: Path, objects: Mapping[str, Any]) -> Any:
    """Return a model that was handed over.

    Args:
        path: Its file.
        objects: The classes and functions of the project that it is made of, by name.

    Raises:
        ModelFileError: It cannot be loaded.
    """
    model = load_own(path, objects)
    told = json.loads(_beside(path).read_text(encoding="utf-8"))
    if told:
        keep_compile_config(model, told)
    return model


def registered() -> Iterable[Any]:
    """Return what the project has registered with Keras, and with this package as rules."""
    yield from filter(is_own, keras.saving.get_custom_objects().values())
    for name, registry in _REGISTRIES:
        if name in sys.modules:
            functions = vars(sys.modules[name])[registry].values()
            yield from (each for each in functions if not each.__module__.startswith(_OURS))


def _beside(path: Path) -> Path:
    return path.with_suffix(".judged.json")
