"""Rebuilding a model layer by layer, some layers with another configuration.

Each layer is made again from its configuration at the moment Keras calls it, so that every shape
after a change is inferred again, inside nested models too. Names, dtype policies, trainable flags,
regularisers, input names and the compile configuration are kept; nothing is shared with the
original, which gains no node and keeps every weight.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import keras

from pytest_paoding.engine.graph.functional import as_functional, is_nested
from pytest_paoding.engine.guard import undisturbed
from pytest_paoding.errors import SurgeryError, cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_paoding.engine.graph.types import CallSite, Shape

Config: TypeAlias = "dict[str, Any]"
_REFUSALS = (AttributeError, KeyError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences of a rebuilt model.

    Attributes:
        configs: Whole configuration of each layer that changes.
        arguments: New literal arguments of each call that changes, by position or name.
        inputs: Shapes of the inputs of each nested model, without the batch.
    """

    configs: Mapping[Any, Config] = field(default_factory=dict)
    arguments: Mapping[CallSite, Mapping[int | str, Any]] = field(default_factory=dict)
    inputs: Mapping[Any, Sequence[Shape]] = field(default_factory=dict)


class Rebuild:
    """A model built again.

    Attributes:
        model: The new model, whose weights have yet to be set.
        rebuilt: The new layer of every old one, nested models included.
    """

    def __init__(self, model: Any, changes: Changes) -> None:
        """Build a Sequential or Functional model again, with some changes.

        Raises:
            SurgeryError: A layer cannot be made from its configuration, or shares a weight with
                another; the layer is named.
        """
        self.rebuilt: dict[Any, Any] = {}
        self._models: dict[Any, Any] = {}
        self._changes = changes
        with undisturbed():
            self.model = self._model(model)
        _require_own_weights(self.rebuilt)
        self._restore_trainable()

    def compile(self) -> str | None:
        """Compile the new model as the old one; return the reason if that is impossible."""
        (old, new), *_ = self._models.items()
        if not old.compiled:
            return None
        try:
            with undisturbed():
                new.compile_from_config(old.get_compile_config())
        except _REFUSALS as error:
            return f"left uncompiled: {cause_of(error)}"
        return None

    def _model(self, model: Any) -> Any:
        """Return a whole model, rebuilt."""
        functional = as_functional(model)
        inputs = _new_inputs(functional, self._changes.inputs.get(model))
        if isinstance(model, keras.Sequential):
            layers = [self._made_again(layer) for layer in model.layers]
            built = _constructed(model, keras.Sequential, [inputs, *layers])
        else:
            clone = keras.models.clone_model(
                functional,
                input_tensors=inputs,
                clone_function=lambda operation: operation,
                call_function=self._caller(model),
            )
            is_it = type(clone) is type(model)  # another would take time
            built = clone if is_it else _constructed(model, keras.Model, clone.input, clone.output)
        self._models = {model: built, **self._models}  # the outermost, done last, comes first
        return built

    def _caller(self, model: Any) -> Callable[..., Any]:
        """Return the `call_function` for the graph of a model; it counts the calls."""
        numbers = count()

        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            changed = self._changes.arguments.get((model, next(numbers)), {})
            args = tuple(changed.get(place, each) for place, each in enumerate(args))
            kwargs = {name: changed.get(name, each) for name, each in kwargs.items()}
            new = self._made_again(operation)
            try:
                with _undrawn(new):
                    outputs = new(*args, **kwargs)
            except _REFUSALS as error:
                raise SurgeryError(
                    f"layer {operation.name!r} does not accept its pruned inputs: {cause_of(error)}"
                ) from error
            build_activation(operation, new, outputs)
            return outputs

        return call

    def _made_again(self, operation: Any) -> Any:
        if is_nested(operation):
            return self._models.get(operation) or self._model(operation)
        if operation not in self.rebuilt:
            self.rebuilt[operation] = remade(operation, self._changes.configs.get(operation))
        return self.rebuilt[operation]

    def _restore_trainable(self) -> None:
        """Restore the flags of models, then of layers: a model's flag sets its layers'."""
        for old, new in (*self._models.items(), *self.rebuilt.items()):
            if isinstance(old, keras.layers.Layer) and new.trainable != old.trainable:
                new.trainable = old.trainable


def remade(operation: Any, config: Config | None = None) -> Any:
    """Return a copy of a layer or operation made from `config`, by default its own.

    Raises:
        SurgeryError: Its class cannot be made from its configuration.
    """
    config_is_own = config is None
    try:
        if type(operation) is keras.layers.Lambda:
            return _remade_lambda(operation)
        config = operation.get_config() if config is None else config
        new = type(operation).from_config(_without_build(config))
    except _REFUSALS as error:
        if config_is_own and not isinstance(operation, keras.layers.Layer):
            return _copied(operation)
        raise SurgeryError(
            f"layer {operation.name!r} ({type(operation).__name__}) cannot be made again from "
            f"its own get_config(): {cause_of(error)}"
        ) from error
    if new.name != operation.name:  # some configurations Keras infers lack the name
        new.name = operation.name
    return new


def _copied(operation: Any) -> Any:
    """Return a copy of an operation of `keras.ops`, which holds arguments, nodes and nothing else.

    Some have no configuration, as those whose arguments are arrays.
    """
    new = object.__new__(type(operation))  # `copy` would have Keras save and load it
    vars(new).update(vars(operation), _inbound_nodes=[], _outbound_nodes=[])
    return new


@contextmanager
def _undrawn(layer: Any) -> Iterator[None]:
    """Let a layer make its weights without drawing values, as all of them are replaced.

    Attributes are set bypassing Keras, which would track each of them again.
    """
    attributes = {} if getattr(layer, "built", True) else vars(layer)
    drawn = {
        name: value
        for name, value in attributes.items()
        if isinstance(value, keras.initializers.Initializer)
    }
    attributes.update(dict.fromkeys(drawn, keras.initializers.Zeros()))
    try:
        yield
    finally:
        attributes.update(drawn)


def build_activation(old: Any, new: Any, outputs: Any) -> None:
    """Build an activation that is a layer, which Keras does only once there is data."""
    activation = getattr(old, "activation", None)
    if isinstance(activation, keras.layers.Layer) and activation.weights:
        new.activation.build(outputs.shape)


def _require_own_weights(layers: Mapping[Any, Any]) -> None:
    owners: dict[int, Any] = {}
    for layer in layers:
        for weight in getattr(layer, "weights", ()):
            owner = owners.setdefault(id(weight), layer)
            if owner is not layer:
                raise SurgeryError(
                    f"layers {owner.name!r} and {layer.name!r} share the weight {weight.name!r}, "
                    f"which Keras cannot build again: call one layer twice instead"
                )


def _new_inputs(functional: Any, shapes: Sequence[Shape] | None) -> Any:
    """Return inputs like those of a model, in the same structure, with new lengths if given.

    An unknown length stays unknown.
    """
    layers = {
        id(operation.output): operation
        for operation in functional.operations
        if isinstance(operation, keras.layers.InputLayer)
    }
    given = iter(shapes or [tensor.shape[1:] for tensor in functional.inputs])

    def new_input(tensor: Any) -> Any:
        layer = layers[id(tensor)]
        batch, *lengths = tensor.shape
        new = [
            now if old is not None else None for old, now in zip(lengths, next(given), strict=True)
        ]
        config = {**layer.get_config(), "batch_shape": (batch, *new)}
        return keras.Input(**{**config, "optional": layer.optional})  # not in all configurations

    return keras.tree.map_structure(new_input, functional.input)


def _constructed(model: Any, plain: Callable[..., Any], *arguments: Any) -> Any:
    """Return a model of the class of `model`, or of `plain` if it overrides the constructor."""
    if isinstance(model, keras.Sequential):
        usual = type(model).__init__ is keras.Sequential.__init__
    else:
        usual = type(model).__init__ is type(as_functional(model)).__init__
    return (type(model) if usual else plain)(*arguments, name=model.name)


def _remade_lambda(layer: Any) -> Any:
    """Return a Lambda layer of the same function, of which its configuration has only bytecode."""
    kept = {key: layer.get_config()[key] for key in ("name", "trainable", "dtype")}
    return keras.layers.Lambda(
        layer.function,
        output_shape=layer._output_shape,  # noqa: SLF001 # no public name
        mask=layer.mask,
        arguments=layer.arguments,
        **kept,
    )


def _without_build(config: Any) -> Any:
    """Return a configuration without the shapes that inner layers were built for."""
    if isinstance(config, dict):
        return {key: _without_build(each) for key, each in config.items() if key != "build_config"}
    if isinstance(config, list):
        return [_without_build(each) for each in config]
    return config
