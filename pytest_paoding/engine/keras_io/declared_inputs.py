"""The inputs that a model file declares, read off its configuration without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.bounded_reading import json_member, opened_archive
from pytest_paoding.engine.damage import refusing
from pytest_paoding.engine.ports import Port
from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEGACY = (".h5", ".hdf5")
_LONGEST = 1 << 31


def declared_inputs(path: Path) -> tuple[Port, ...] | None:
    """Return the inputs of a model in a file, in Keras's flat order, as loading it would find them.

    None where the file does not tell: it is damaged, or of a class of the project's own, or its
    inputs are found out in other ways. Whatever is wrong with a file, loading it says.

    Cost: one read of the configuration.
    """
    with suppress(ModelFileError), refusing(path, ModelFileError, "tells no inputs: {}"):
        return _inputs_of(_config_in(path))
    return None


def _config_in(path: Path) -> Any:
    if path.suffix in _LEGACY:
        from pytest_paoding.engine.keras_io.archive import inspect  # noqa: PLC0415 - h5py takes time

        return inspect(path).config
    with opened_archive(path) as archive:
        return json_member(archive, "config.json")


def _inputs_of(model: Any) -> tuple[Port, ...] | None:
    """Return the inputs that a configuration tells.

    Raises:
        Exception: It is of another form.
    """
    if str(model.get("module") or "keras").split(".")[0] != "keras":
        return None
    layers = model["config"]["layers"]
    if model["class_name"] == "Sequential":
        return _ports({None: layers[0]["config"]["name"]}, layers[:1])
    if model["class_name"] not in ("Functional", "Model"):
        return None
    given = model["config"]["input_layers"]
    if isinstance(given, Mapping):
        return _ports({key: _layer_of(given[key]) for key in sorted(given)}, layers)
    return _ports(dict(enumerate(map(_layer_of, _listed(given)))), layers)


def _listed(given: Any) -> Any:
    """Return the references to inputs of a list; one input alone may stand there by itself."""
    return [given] if isinstance(given[0], str) else given


def _layer_of(reference: Any) -> str:
    """Return the name of the layer that `[NAME, 0, 0]` refers to; anything else tells no input."""
    name, node, tensor = reference
    if (node, tensor) != (0, 0):
        raise ValueError(f"{name!r} is no layer of an input")
    return str(name)


def _ports(named: Mapping[Any, str], layers: list[Any]) -> tuple[Port, ...] | None:
    """Return the ports of input layers, by their keys in the model's dict of inputs."""
    configs = dict(_input_layers(layers))
    if not named or not configs.keys() >= set(named.values()):
        return None
    return tuple(_port(key, configs[name]) for key, name in named.items())


def _input_layers(layers: list[Any]) -> Iterator[tuple[str, Any]]:
    for layer in layers:
        config = layer["config"]
        dense = not (config.get("sparse") or config.get("ragged") or config.get("optional"))
        if layer["class_name"] == "InputLayer" and dense:
            yield config["name"], config


def _port(key: Any, config: Any) -> Port:
    """Return an input.

    Raises:
        Exception: Its dtype is none of NumPy's own, or its lengths are none.
    """
    shape = config["batch_shape"] if "batch_shape" in config else config["batch_input_shape"]
    names = (key, config["name"]) if isinstance(key, str) else (config["name"],)
    if not all(length is None or _is_length(length) for length in shape[1:]):
        raise ValueError(f"{shape} is no shape")
    dtype = str(config["dtype"])
    if dtype != "string" and np.dtype(dtype).kind not in "biuf":
        raise TypeError(f"{dtype!r} is no dtype of numbers")
    return Port(tuple(dict.fromkeys(names)), tuple(shape[1:]), dtype)


def _is_length(length: Any) -> bool:
    return type(length) is int and 0 < length < _LONGEST
