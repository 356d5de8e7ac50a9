"""Shapes and dtypes of the inputs of a model that does not declare them.

They are those that the model was built with, those of data it is to be judged on, or what the user
says.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.surgery.opening.layer_calls import parameters_of
from pytest_paoding.engine.surgery.opening.own_code import parts_of
from pytest_paoding.errors import PruningError

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import Shape
    from pytest_paoding.records.protocol import InputShape

_CONTEXT = ("self", "training", "mask", "args", "kwargs", "**")


@dataclass(frozen=True, slots=True)
class Spec:
    """One input.

    Attributes:
        name: Its name.
        shape: Its shape without the batch; None where a length is open.
        dtype: Its dtype; None where it is not known.
        batch: The size of the batch it was recorded with, if it was.
    """

    name: str
    shape: Shape
    dtype: str | None = None
    batch: int | None = None


def input_specs(model: Any, given: InputShape | None = None, data: Any = None) -> list[Any]:
    """Return the arguments that a model's `call` takes, each a structure of specs.

    Args:
        model: A subclassed model.
        given: Shapes that the user says; see `prune`.
        data: Data the model is to be judged on, if there is any.

    Raises:
        PruningError: Nothing is known of an input, or what is said does not fit.
    """
    names = [name for name in parameters_of(model) if name not in _CONTEXT]
    example = example_of(data)
    shapes = (
        _recorded(model, names)
        or _said(names, given)
        or _shown(names, example)
        or _read_by_the_first(model, names)
    )
    unknown = [name for name in _required(model, names) if name not in shapes]
    if unknown or not shapes:
        what = f"its input {unknown[0]!r}" if shapes else "its inputs"
        raise PruningError(
            f"model {model.name!r} is a subclassed {type(model).__name__} and nothing is known of "
            f"{what}: call it once on data, or give input_shape"
        )
    specs = [_named(shape, name) for name, shape in shapes.items()]
    return _as_said(_as_shown(specs, example), given)


def example_of(data: Any) -> Any:
    """Return shapes and dtypes of the inputs in some data, a `Spec` each; None where not known.

    Nothing is read: a generator is left alone.
    """
    if isinstance(data, (tuple, list)) and data:
        inputs = data[0]
    else:
        spec = getattr(data, "element_spec", None)
        inputs = spec[0] if isinstance(spec, tuple) and spec else spec
    leaves = keras.tree.flatten(inputs)
    if not leaves or not all(hasattr(leaf, "shape") and hasattr(leaf, "dtype") for leaf in leaves):
        return None
    return keras.tree.map_structure(
        lambda leaf: Spec("", tuple(leaf.shape)[1:], _dtype_of(leaf)), inputs
    )


def _dtype_of(leaf: Any) -> str | None:
    name = getattr(leaf.dtype, "name", str(leaf.dtype))
    if name.startswith(("str", "bytes", "object")):
        return "string"
    return None if name.startswith(("float", "bfloat")) else name


def _recorded(model: Any, names: list[str]) -> dict[str, Any]:
    """Return the shapes that Keras has recorded, by argument."""
    config = model.get_build_config() or {}
    if isinstance(config.get("input_shape"), (tuple, list, dict)) and names:
        return {names[0]: _without_batch(config["input_shape"])}
    shapes = config.get("shapes_dict") or _usual_shapes(model)
    found = {key.removesuffix("_shape"): shape for key, shape in shapes.items()}
    if len(found) == 1 and names:
        return {names[0]: _without_batch(next(iter(found.values())))}
    return {name: _without_batch(found[name]) for name in names if found.get(name) is not None}


def _required(model: Any, names: list[str]) -> list[str]:
    parameters = inspect.signature(model.call).parameters
    return [name for name in names if parameters[name].default is inspect.Parameter.empty]


def _usual_shapes(model: Any) -> dict[str, Any]:
    """Return the shapes that a model's `build` has for defaults."""
    parameters = inspect.signature(type(model).build).parameters.values()
    return {
        each.name: each.default for each in parameters if isinstance(each.default, (tuple, list))
    }


def _without_batch(shape: Any) -> Any:
    if isinstance(shape, Mapping):
        return {key: _without_batch(each) for key, each in shape.items()}
    if all(each is None or isinstance(each, int) for each in shape):
        return _Shape(tuple(shape)[1:], shape[0] if shape else None)
    return [_without_batch(each) for each in shape]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape, which structures of shapes hold as a leaf."""

    lengths: Shape
    batch: int | None = None


def _said(names: list[str], given: InputShape | None) -> dict[str, Any]:
    if given is None or not names:
        return {}
    if not isinstance(given, Mapping):
        return {names[0]: _Shape(tuple(given))}
    shapes = {key: _Shape(tuple(shape)) for key, shape in given.items()}
    return shapes if set(shapes) <= set(names) else {names[0]: shapes}


def _shown(names: list[str], example: Any) -> dict[str, Any]:
    if example is None or not names:
        return {}
    return {names[0]: keras.tree.map_structure(lambda spec: _Shape(spec.shape), example)}


def _read_by_the_first(model: Any, names: list[str]) -> dict[str, Any]:
    """Return the shape that the first layer was built for.

    Keras records none of a model that it could not run on symbolic tensors; nor shall this package,
    but then it can say where.
    """
    for layer in parts_of(model) if model.built else ():
        shape = (layer.get_build_config() or {}).get("input_shape")
        if isinstance(shape, (tuple, list)) and names:
            return {names[0]: _without_batch(shape)}
    return {}


def _named(shape: Any, name: str) -> Any:
    """Return specs in place of shapes, named after the argument, or the key in a dict."""
    if isinstance(shape, _Shape):
        return Spec(name, shape.lengths, batch=shape.batch)
    if isinstance(shape, Mapping):
        return {key: _named(each, str(key)) for key, each in shape.items()}
    return [_named(each, f"{name}_{number}") for number, each in enumerate(shape)]


def _as_shown(specs: list[Any], example: Any) -> list[Any]:
    """Return specs with dtypes of data; lengths in which it differs are open."""
    mine = keras.tree.flatten(specs)
    shown = keras.tree.flatten(example) if example is not None else []
    if len(mine) != len(shown):
        return specs
    pairs = zip(mine, shown, strict=True)
    return list(keras.tree.pack_sequence_as(specs, [_merged(one, two) for one, two in pairs]))


def _merged(spec: Spec, shown: Spec) -> Spec:
    if len(spec.shape) != len(shown.shape):
        return spec
    pairs = zip(spec.shape, shown.shape, strict=True)
    lengths = tuple(a if a == b else None for a, b in pairs)
    return replace(spec, shape=lengths, dtype=shown.dtype)


def _as_said(specs: list[Any], given: InputShape | None) -> list[Any]:
    """Return specs with the lengths that the user says, where they were fixed to others."""
    leaves = keras.tree.flatten(specs)
    if given is None:
        return specs
    if not isinstance(given, Mapping):
        if len(leaves) > 1:
            names = [leaf.name for leaf in leaves]
            raise PruningError(f"input_shape {tuple(given)} is one, the inputs are {names}")
        given = {leaves[0].name: given}
    said = [_with_lengths(leaf, given.get(leaf.name)) for leaf in leaves]
    return list(keras.tree.pack_sequence_as(specs, said))


def _with_lengths(spec: Spec, said: Shape | None) -> Spec:
    if said is None:
        return spec
    if len(said) != len(spec.shape):
        raise PruningError(
            f"input_shape {tuple(said)} does not fit the input {spec.name!r}, {spec.shape}"
        )
    pairs = zip(spec.shape, said, strict=True)
    return replace(spec, shape=tuple(a if a in (b, None) else b for a, b in pairs))
