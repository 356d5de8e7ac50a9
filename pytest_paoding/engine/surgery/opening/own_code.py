"""Layers and models whose calls only their own code knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.graph.functional import is_nested
from pytest_paoding.engine.graph.rules.registry import has_rule
from pytest_paoding.engine.inputs.kinds import listed_names

if TYPE_CHECKING:
    from collections.abc import Iterator


def has_code(layer: Any) -> bool:
    """Whether a layer is a model with a `call` of its own, or one that holds such a model."""
    if isinstance(layer, keras.Model) and not is_nested(layer):
        return True
    return is_nested(layer) and any(map(has_code, parts_of(layer)))


def is_composed(layer: Any) -> bool:
    """Whether a layer, no model, is of a class outside Keras and made of other layers only.

    One that has a pruning rule is known as it is.
    """
    return _is_whole(layer) and not own_weights(layer)


def _is_whole(layer: Any) -> bool:
    """Whether a layer, no model, is of a class outside Keras, holds others and has no rule."""
    if isinstance(layer, keras.Model) or has_rule(layer):
        return False
    foreign = type(layer).call.__module__.partition(".")[0] != "keras"
    return foreign and bool(parts_of(layer))


def whole_noted(model: Any) -> str | None:
    """Return a note on the layers of a graph that only their own code takes apart, if any.

    Args:
        model: A Sequential or Functional model.
    """
    names = list(dict.fromkeys(_whole_layers(model)))
    if not names:
        return None
    shown = listed_names([repr(name) for name in names])
    stay, whose, them = ("stays", "its", "it") if len(names) == 1 else ("stay", "their", "them")
    return (
        f"layer{'' if len(names) == 1 else 's'} {shown} {stay} whole, as only {whose} own code "
        f"knows how the layers within are called: register a rule (pytest_paoding.rule), or write "
        f"{them} as a keras.Model"
    )


def _whole_layers(model: Any) -> Iterator[str]:
    for layer in parts_of(model):
        if is_nested(layer):
            yield from _whole_layers(layer)
        elif _is_whole(layer):
            yield layer.name


def own_weights(layer: Any) -> list[Any]:
    """Return the weights that a layer holds itself, outside the layers it is made of."""
    of_parts = {id(weight) for part in parts_of(layer) for weight in part.weights}
    return [weight for weight in layer.weights if id(weight) not in of_parts]


def parts_of(layer: Any) -> list[Any]:
    """Return the layers that a layer is made of, those in its lists and dicts too."""
    if isinstance(layer, keras.Model):
        return list(layer.layers)
    return list(layer._flatten_layers(include_self=False, recursive=False))  # noqa: SLF001 # no public name


def named_layers(layer: Any) -> tuple[Any, ...]:
    """Return every layer within a layer, at any depth, but the inputs of graphs."""
    inner = dict.fromkeys(_inner_layers(layer))
    return tuple(each for each in inner if not isinstance(each, keras.layers.InputLayer))


def _inner_layers(layer: Any) -> Iterator[Any]:
    for part in parts_of(layer):
        yield part
        yield from _inner_layers(part)
