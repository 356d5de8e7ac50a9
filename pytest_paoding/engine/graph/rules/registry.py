"""The registry of rules: operations are looked up by class, never by name.

`keras.ops` holds operations that share a name with a layer but not its configuration, and a
subclass of a known layer may compute anything: only the exact class counts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import keras

from pytest_paoding.engine.graph.rules.quantized import REMEDY, quantization_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.graph.visit import Rule, Visit

_Rule = TypeVar("_Rule", bound="Callable[[Visit], View | Sequence[View]]")
_rules: dict[type, Rule] = {}


def rule(*classes: type) -> Callable[[_Rule], _Rule]:
    """Register the decorated function as the rule of layer classes.

    A rule gets a `Visit` of one call. Through it the rule records which labels the positions of the
    layer's weights and configuration carry; it returns the view of the output, or one view for each
    of several. A new rule of a class replaces the old one. Layers without a rule keep all their
    inputs.

    Example: a custom dense layer with a learned scale for each unit.

        >>> import keras
        >>> import pytest_paoding
        >>> class Scaled(keras.layers.Layer):
        ...     def __init__(self, width, **options):
        ...         super().__init__(**options)
        ...         self.width = width
        ...
        ...     def build(self, shape):
        ...         self.kernel = self.add_weight(shape=(shape[-1], self.width))
        ...         self.scale = self.add_weight(shape=(self.width,))
        ...
        ...     def call(self, x):
        ...         return keras.ops.matmul(x, self.kernel) * self.scale
        >>> @pytest_paoding.rule(Scaled)
        ... def scaled(visit):
        ...     layer = visit.layer
        ...     units = visit.issue(layer.width)  # what may be removed: one label a unit
        ...     visit.contracts(layer.kernel, visit.channels(visit.input), 0)  # summed over
        ...     visit.carries(layer.kernel, units, 1)  # these weights go with their unit
        ...     visit.carries(layer.scale, units)
        ...     visit.sizes(units, "width")  # get_config()["width"] counts units
        ...     return visit.along(units)  # the output has them along its last axis
        >>> model = keras.Sequential([keras.Input((4,)), Scaled(6), keras.layers.Dense(2)])
        >>> pruned = pytest_paoding.prune(model, ratio=0.5, strategy="magnitude")
        >>> [tuple(weight.shape) for weight in pruned.model.layers[0].weights]
        [(4, 3), (3,)]
    """

    def register(function: _Rule) -> _Rule:
        for each in classes:
            _rules[each] = function
        return function

    return register


def known(module: str, *names: str) -> tuple[type, ...]:
    """Return the named classes of a module, those that this version of Keras has.

    The operations behind `keras.ops` have no public name, and some layers came after Keras 3.5.

    Args:
        module: Name of a module.
        names: Names of classes in it.
    """
    try:
        home = import_module(module)
    except ImportError:
        return ()
    return tuple(getattr(home, name) for name in names if hasattr(home, name))


def has_rule(operation: Any) -> bool:
    """Whether a rule is registered for the class of an operation."""
    return type(operation) in _rules


def rule_for(operation: Any) -> Rule:
    """Return the rule of an operation; by default, one that pins its inputs and says why."""
    if quantization_of(operation):
        return _quantized
    if getattr(operation, "lora_enabled", False):
        return _adapted
    return _rules.get(type(operation), _unknown)


def _unknown(visit: Visit) -> Sequence[View]:
    if isinstance(visit.layer, keras.Model):
        return visit.fixed("is a subclassed model, whose layers only its own code knows")
    return visit.fixed("has no pruning rule (pytest_paoding.rule registers one)")


def _quantized(visit: Visit) -> Sequence[View]:
    return visit.fixed(f"is quantized ({quantization_of(visit.layer)}): {REMEDY}")


def _adapted(visit: Visit) -> Sequence[View]:
    return visit.fixed("has LoRA adapters enabled")
