"""Rebuilding a model layer by layer, some of them with another configuration.

Each layer is made anew from its own configuration at the moment Keras calls it, so that every shape
behind a change is inferred again, inside nested models too. Names, dtype policies, trainable flags,
regularisers, input names and the compile configuration are kept; nothing is shared with the
original, which gains no node and keeps every weight.
"""

from __future__ import annotations

import random
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.errors import SurgeryError
from pytest_paoding.graph.trace import as_functional, is_nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_REFUSALS = (AttributeError, KeyError, NotImplementedError, TypeError, ValueError)


class Rebuild:
    """A model built again, with `twins` from each old layer to its new one.

    Attributes:
        model: The new model; its weights are not those of the old one until they are set.
        twins: The new layer of every old one, those of nested models included.
    """

    def __init__(self, model: Any, configs: Mapping[Any, dict[str, Any]]) -> None:
        """Build `model` again.

        Args:
            model: A Sequential or Functional model.
            configs: For layers that change, the whole configuration to make them from.

        Raises:
            SurgeryError: A layer cannot be made from its configuration; it is named.
        """
        self.twins: dict[Any, Any] = {}
        self._models: dict[Any, Any] = {}
        self._configs = configs
        with preserved_random_state(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Keras, on what the user's own model holds
            self.model = self._model(model, [tensor.shape for tensor in model.inputs])
        self._restore_trainable()

    def compile(self) -> str | None:
        """Compile the new model as the old one; return why that cannot be done, if so."""
        (old, new), *_ = self._models.items()
        if not old.compiled:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of Keras, on losses it cannot save
                new.compile_from_config(old.get_compile_config())
        except _REFUSALS as error:
            return f"left uncompiled: {_cause(error)}"
        return None

    def _model(self, model: Any, shapes: list[tuple[int | None, ...]]) -> Any:
        """Return the twin of a whole model, for inputs of the given shapes with the batch."""
        functional = as_functional(model)
        inputs = _new_inputs(functional, shapes)
        if isinstance(model, keras.Sequential):
            layers = [self._twin(layer) for layer in model.layers]
            built = _constructed(model, keras.Sequential, [inputs, *layers])
        else:
            clone = keras.models.clone_model(
                functional,
                input_tensors=inputs,
                clone_function=lambda operation: operation,
                call_function=self._call,
            )
            built = _constructed(model, keras.Model, clone.input, clone.output)
        self._models = {model: built, **self._models}  # the outermost is done last, listed first
        return built

    def _call(self, operation: Any, *args: Any, **kwargs: Any) -> Any:
        shapes = [each.shape for each in keras.tree.flatten((args, kwargs)) if _is_tensor(each)]
        twin = self._twin(operation, shapes)
        try:
            return twin(*args, **kwargs)
        except _REFUSALS as error:
            raise SurgeryError(
                f"layer {operation.name!r} does not accept its pruned inputs: {_cause(error)}"
            ) from error

    def _twin(self, operation: Any, shapes: list[tuple[int | None, ...]] | None = None) -> Any:
        if is_nested(operation):
            if operation not in self._models:
                shapes = shapes or [tensor.shape for tensor in operation.inputs]
                return self._model(operation, shapes)
            return self._models[operation]
        if operation not in self.twins:
            self.twins[operation] = remade(operation, self._configs.get(operation))
        return self.twins[operation]

    def _restore_trainable(self) -> None:
        """Give models, then layers, the flags of the old ones: a model's flag sets its layers'."""
        for old, new in (*self._models.items(), *self.twins.items()):
            if isinstance(old, keras.layers.Layer) and new.trainable != old.trainable:
                new.trainable = old.trainable


def remade(operation: Any, config: dict[str, Any] | None = None) -> Any:
    """Return a new layer or operation like `operation`, from `config` or its own configuration.

    Raises:
        SurgeryError: Its class cannot be made from its configuration.
    """
    try:
        if type(operation) is keras.layers.Lambda:
            return _remade_lambda(operation)
        config = operation.get_config() if config is None else config
        return type(operation).from_config(_without_build(config))
    except _REFUSALS as error:
        raise SurgeryError(
            f"layer {operation.name!r} ({type(operation).__name__}) cannot be made again from "
            f"its own get_config(): {_cause(error)}"
        ) from error


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Leave the global generators of Python and NumPy as they were.

    Keras draws the seed of every unseeded initialiser from Python's.
    """
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 # the global one is what is kept
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002 # as above


def _is_tensor(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)


def _new_inputs(functional: Any, shapes: list[tuple[int | None, ...]]) -> Any:
    """Return inputs like those of a model, with new shapes, in the same structure."""
    layers = {
        id(operation.output): operation
        for operation in functional.operations
        if isinstance(operation, keras.layers.InputLayer)
    }
    remaining = iter(shapes)

    def new_input(tensor: Any) -> Any:
        config = layers[id(tensor)].get_config()
        config["batch_shape"] = next(remaining)
        return keras.Input(**config)

    return keras.tree.map_structure(new_input, functional.input)


def _constructed(model: Any, plain: Callable[..., Any], *arguments: Any) -> Any:
    """Return a model of the class of `model`, or of a plain one if its constructor is another."""
    if isinstance(model, keras.Sequential):
        usual = type(model).__init__ is keras.Sequential.__init__
    else:
        usual = type(model).__init__ is type(as_functional(model)).__init__
    return (type(model) if usual else plain)(*arguments, name=model.name)


def _remade_lambda(layer: Any) -> Any:
    """Return a Lambda layer around the same function: its configuration holds only bytecode."""
    kept = {key: layer.get_config()[key] for key in ("name", "trainable", "dtype")}
    return keras.layers.Lambda(
        layer.function,
        output_shape=layer._output_shape,  # noqa: SLF001 # no public name
        mask=layer.mask,
        arguments=layer.arguments,
        **kept,
    )


def _without_build(config: Any) -> Any:
    """Return a configuration without the shapes its inner layers were built for."""
    if isinstance(config, dict):
        return {key: _without_build(each) for key, each in config.items() if key != "build_config"}
    if isinstance(config, list):
        return [_without_build(each) for each in config]
    return config


def _cause(error: BaseException) -> str:
    """Return the first line of the innermost error: Keras wraps it in whole configurations."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error).strip().partition("\n")[0]
