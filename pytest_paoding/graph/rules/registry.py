"""Which rule belongs to which operation: looked up by class, never by name.

`keras.ops` holds operations that share a name with a layer but not its configuration, and a
subclass of a known layer may compute anything: only the exact class counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.graph.views import View
    from pytest_paoding.graph.walk import Rule, Visit

_Rule = TypeVar("_Rule", bound="Callable[[Visit], View | Sequence[View]]")
_rules: dict[type, Rule] = {}


def rule(*classes: type) -> Callable[[_Rule], _Rule]:
    """Register the decorated function as the rule of layer classes.

    A rule gets a `Visit`, says through it which positions of the layer's weights and configuration
    belong to which labels, and returns the view of the output (or one for each output). A class
    that has a rule gets the new one.

    Example: a layer of one's own that scales each channel.

        @pytest_paoding.rule(ChannelScale)
        def channel_scale(visit):
            channels = visit.channels(visit.input)
            visit.carries(visit.layer.scale, channels)
            return visit.input
    """

    def register(function: _Rule) -> _Rule:
        for each in classes:
            _rules[each] = function
        return function

    return register


def rule_for(operation: Any) -> Rule:
    """Return the rule of an operation; without one, a rule that pins its inputs and says why."""
    if getattr(operation, "quantization_mode", None):
        return _quantized
    if getattr(operation, "lora_enabled", False):
        return _adapted
    return _rules.get(type(operation), _unknown)


def _unknown(visit: Visit) -> Sequence[View]:
    return visit.fixed("has no pruning rule (pytest_paoding.rule registers one)")


def _quantized(visit: Visit) -> Sequence[View]:
    return visit.fixed(f"is quantized ({visit.layer.quantization_mode})")


def _adapted(visit: Visit) -> Sequence[View]:
    return visit.fixed("has LoRA adapters enabled")
