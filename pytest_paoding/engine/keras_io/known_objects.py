"""What the configuration of a file may name: parts of Keras that compute, and what is registered.

Keras finds a class or a function by the module and the name that a file gives. How far it goes for
them depends on its version: some import any module and hand out anything in it. So every name is
looked up here first, where Keras would look for it and among what is imported already, and a file
that names something else is refused before Keras sees it.
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
from typing import TYPE_CHECKING, Any

import keras
from keras.src import (  # their tables of names are not public
    activations,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
)
from keras.src.api_export import get_symbol_from_name  # no public name
from keras.src.layers.preprocessing.index_lookup import IndexLookup  # no public name

from pytest_paoding.engine.configs import objects_in
from pytest_paoding.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path

_FUNCTIONS = ("activations", "losses", "metrics", "ops", "random")
_CLASSES = (
    *_FUNCTIONS,
    "constraints",
    "dtype_policies",
    "initializers",
    "layers",
    "legacy.layers",
    "models",
    "optimizers",
    "quantizers",
    "regularizers",
)
"""Packages of Keras that only compute. What runs a SavedModel, a module of PyTorch or a function of
JAX is in others, as is what loads, saves and fetches."""
_VALUES = (
    "TensorShape",
    "__bytes__",
    "__ellipsis__",
    "__keras_tensor__",
    "__numpy__",
    "__slice__",
    "__tensor__",
    "__tuple__",
)
"""Names of classes that stand for plain values."""
_SPECIFICATIONS = ("CompositeTensor", "TypeSpec", "__typespec__")
"""Names of classes that stand for any class of TensorFlow, or of whatever module."""
_DTYPE = re.compile(r"bool|u?int\d{1,2}|b?float\d{1,2}|complex\d{2,3}")
_REMEDY = "hand the built model to paoding.check()"


def refuse_unknown(path: Path, config: Any) -> None:
    """Refuse a configuration that names what is neither a computing part of Keras nor registered.

    Raises:
        ModelFileError: It does, has a layer read another file, or is not that of a model.
        ValueError: It is nested too deeply, or calls too often.
    """
    for name, node in objects_in(config):
        kind = node.get("class_name")
        if kind in _SPECIFICATIONS:
            raise ModelFileError(f"{path}: {name!r} holds a {kind}, a class by its name: {_REMEDY}")
        if kind in _VALUES:
            _refuse_widths(path, name, node)
        elif kind is not None and "config" in node:
            part = _part(path, name, node)
            _refuse_paths(path, name, part, node["config"])
            if node is config and _is_class(part, keras.Model):
                continue
        if node is config:
            raise ModelFileError(
                f"{path}: holds no model but {_title(node)}: save the whole model with "
                f"model.save('NAME.keras')"
            )


def _part(path: Path, inside: str, node: dict[str, Any]) -> Any:
    """Return the class or function that a configuration names.

    Raises:
        ModelFileError: It is not known, or none to be trusted.
    """
    name, key = node["class_name"], node.get("registered_name") or node["class_name"]
    if name == "function":
        name = key = node["config"]
    listed = _listed(name)  # where Keras has a table of names it asks for no module
    trusted = listed is None or _computes(listed) or _registered(name) is not None
    found = _registered(key) or _shortened(node)
    if trusted and found is not None:
        return found
    found = _own(node, name, listed) if trusted else listed
    if _computes(found):
        return found
    if str(getattr(found, "__module__", "")).startswith("keras."):
        raise ModelFileError(
            f"{path}: {inside!r} names {_title(node)!r}, which opens other files, or is no part of "
            f"a model: {_REMEDY}"
        )
    what = "function" if node["class_name"] == "function" else "class"
    raise ModelFileError(
        f"{path}: needs the {what} {_title(node)!r}, which is not known here: import the module "
        f"that registers it (@keras.saving.register_keras_serializable), in conftest.py for gates, "
        f"with --import=MODULE on the command line"
    )


def _own(node: dict[str, Any], name: Any, listed: Any) -> Any:
    """Return what Keras has under a name and in a module; None if there is nothing."""
    module, key = node.get("module"), node.get("registered_name")
    if key not in (None, name, node["class_name"]):  # which it would look for as well
        return None
    if module is None or (module == "builtins" and node["class_name"] == "function"):
        return listed
    return _at(module, name)


def _listed(name: Any) -> Any:
    """Return what the tables of Keras have under a name; None if nothing."""
    tables = (
        each.ALL_OBJECTS_DICT
        for each in (
            activations,
            constraints,
            dtype_policies,
            initializers,
            losses,
            metrics,
            optimizers,
            regularizers,
        )
    )
    return next(
        (each[name] for each in (*tables, vars(layers), vars(models)) if name in each), None
    )


def _at(module: Any, name: Any) -> Any:
    """Return what stands in a module, as far as it is imported; None if there is nothing."""
    found = get_symbol_from_name(f"{module}.{name}")
    if found is None and module in sys.modules:
        found = vars(sys.modules[module]).get(name)
    if found is None and str(module).partition(".")[0] == "keras":  # its public modules are aliases
        found = keras
        for part in (*str(module).split(".")[1:], name):
            found = getattr(found, str(part), None)
    return found


def _registered(key: Any) -> Any:
    return None if key is None else keras.saving.get_registered_object(key)


def _shortened(node: dict[str, Any]) -> Any:
    """Return a registered function that Keras 3.6 wrote down without its package, if it is one."""
    name = node["config"]
    if node["class_name"] != "function" or node.get("module") != "builtins":
        return None
    known = keras.saving.get_custom_objects()
    whole = (each for each in known if each.endswith(f">{name}") and not hasattr(builtins, name))
    return _registered(next(whole, None))


def _computes(part: Any) -> bool:
    """Whether a class or function is of one of the packages of Keras that only compute."""
    home = str(getattr(part, "__module__", ""))
    packages = _CLASSES if inspect.isclass(part) else _FUNCTIONS if callable(part) else ()
    return home.startswith(tuple(f"keras.src.{each}." for each in packages))


def _is_class(part: Any, *bases: type) -> bool:
    return inspect.isclass(part) and issubclass(part, bases)


def _refuse_paths(path: Path, inside: str, part: Any, config: Any) -> None:
    """Refuse a layer that would read its words from a file, of this machine or of another.

    Raises:
        ModelFileError: It would.
    """
    words = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(words, str) and _is_class(part, IndexLookup, keras.layers.TextVectorization):
        raise ModelFileError(
            f"{path}: {inside!r} would read its vocabulary from another file, {words!r}: give the "
            f"layer the words themselves, and save the model again"
        )


def _refuse_widths(path: Path, inside: str, node: dict[str, Any]) -> None:
    """Refuse values of a type that takes any number of bytes for one of them.

    Raises:
        ModelFileError: There are some.
    """
    config = node.get("config")
    dtype = config.get("dtype") if isinstance(config, dict) else None
    if node["class_name"] == "__numpy__" and not _DTYPE.fullmatch(str(dtype)):
        raise ModelFileError(f"{path}: {inside!r} holds values of the type {dtype!r}: {_REMEDY}")


def _title(node: dict[str, Any]) -> str:
    """Return the name by which a configuration asks for a class or function."""
    key, name, module = node.get("registered_name"), node.get("class_name"), node.get("module")
    if name == "function":
        name = key = node.get("config")
        if module == "builtins" and not hasattr(builtins, str(name)):
            module = None  # Keras writes so of every function that is not its own
    if isinstance(key, str) and ">" in key:
        return key
    return ".".join(str(each) for each in (module, name) if each is not None)
