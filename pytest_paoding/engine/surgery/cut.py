"""The cut: a new model without the units that leave.

Removing a unit deletes its positions from every weight, and lowers every configuration field that
counts them. The rest is copied bit for bit, except for weights that a transform rewrites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.axes import bias_is_misplaced
from pytest_paoding.engine.graph.views import lengths_left
from pytest_paoding.engine.keras_io.assets import copy_assets
from pytest_paoding.engine.surgery.rebuild import Changes, Rebuild
from pytest_paoding.engine.surgery.transform import axes_by_weight, rewritten_weights, sliced
from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.structure import Structure, WeightAxis
    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, CallSite, Shape, WeightKey
    from pytest_paoding.engine.graph.views import View
    from pytest_paoding.engine.surgery.transform import Transform


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A model after the cut.

    Attributes:
        model: The new model.
        note: Part of the old model that could not be kept, such as an unserialisable loss.
        stay: Mask of the classes that stayed, shape (classes,).
        weights: The weights that were rewritten, of uncut shapes.
        rebuilt: The new layer of every old one.
    """

    model: Any
    note: str | None
    stay: BoolArray
    weights: Mapping[WeightKey, Any]
    rebuilt: Mapping[Any, Any]


def cut(structure: Structure, transform: Transform) -> Cut:
    """Return the new model of a transform; the original is not changed.

    Cost: that of rebuilding the model in Keras, plus one copy of its weights.

    Raises:
        SurgeryError: A pinned class would leave, an axis would be emptied, a layer cannot be
            rebuilt, or no bias can take a constant; the layer is named.
    """
    stay = transform.stay
    _require_lawful(structure, stay)
    rebuild = Rebuild(structure.graph.model, _changes(structure, stay))
    weights, axes = rewritten_weights(structure, transform), axes_by_weight(structure)
    for old, new in rebuild.rebuilt.items():
        if isinstance(old, keras.layers.Layer):
            copy_state(old, new, weights, axes, stay)
    return Cut(rebuild.model, rebuild.compile(), stay, weights, rebuild.rebuilt)


def _require_lawful(structure: Structure, stay: BoolArray) -> None:
    for number in np.flatnonzero(structure.classes.free < ~stay):
        raise SurgeryError(f"a unit cannot be removed: {structure.classes.reasons[number]}")
    for axis in structure.axes:
        if not stay[axis.classes].any():
            raise SurgeryError(f"layer {axis.layer.name!r} would have nothing left to work on")
    for call in structure.graph.calls:
        if not all(stay[structure.views[tensor].labels].any() for tensor in call.outputs):
            raise SurgeryError(f"layer {call.name!r} would give nothing")
        _require_placed_bias(call, structure.views[call.outputs[0]], stay)


def _require_placed_bias(call: Call, view: View, stay: BoolArray) -> None:
    left = lengths_left(stay[view.labels])
    if left[:1] < view.labels.shape[:1] and bias_is_misplaced(call.operation, view.shape, left[0]):
        raise SurgeryError(
            f"layer {call.name!r} would have {left[0]} filters, as many as its output is wide, and "
            f"Keras would mix up the two, channels first: exclude it, or choose another ratio"
        )


def _changes(structure: Structure, stay: BoolArray) -> Changes:
    """Return the changes to a model that loses all classes that do not stay."""
    arguments: dict[CallSite, dict[int | str, Any]] = {}
    for edit in structure.arguments:
        mask = stay[edit.classes]
        if not mask.all():
            arguments.setdefault(edit.site, {})[edit.key] = edit.value(mask)
    inputs = {
        use.model: [_shape_left(structure.views[tensor], stay) for tensor in use.inputs]
        for use in reversed(structure.graph.uses)
    }
    return Changes(_configs(structure, stay), arguments, inputs)


def _configs(structure: Structure, stay: BoolArray) -> dict[Any, dict[str, Any]]:
    """Return the new configuration of every layer that counts positions that leave."""
    configs: dict[Any, dict[str, Any]] = {}
    for edit in structure.edits:
        mask = stay[edit.classes]
        if not mask.all():
            if edit.layer not in configs:
                configs[edit.layer] = config_of(edit.layer)
            at: Any = configs[edit.layer]
            *parents, name = edit.path
            for key in parents:
                at = at[key]
            at[name] = edit.value(mask)
    return configs


def _shape_left(view: View, stay: BoolArray) -> Shape:
    """Return the shape of a tensor after the cut."""
    left = lengths_left(stay[view.labels])
    return tuple(
        now if axis in view.varying else size
        for axis, (size, now) in enumerate(zip(view.shape, left, strict=True))
    )


def copy_state(
    old: Any,
    new: Any,
    weights: Mapping[WeightKey, Any],
    axes: Mapping[WeightKey, list[WeightAxis]] | None = None,
    stay: BoolArray | None = None,
) -> None:
    """Copy to a new layer the weights that stay, and other state, of the old one.

    Args:
        old: The old layer.
        new: The new layer.
        weights: Values that replace the old layer's own, by layer and index.
        axes: The labelled axes of each weight, if something leaves.
        stay: Mask of the classes that stay, shape (classes,).

    Raises:
        SurgeryError: The weights of the two layers do not correspond; the layer is named.
    """
    pairs = list(zip(old.weights, new.weights, strict=False))
    if len(old.weights) != len(new.weights):
        raise SurgeryError(
            f"layer {old.name!r} has {len(old.weights)} weights, but {len(new.weights)} when it is "
            f"made again from its get_config()"
        )
    for index, (source, target) in enumerate(pairs):
        array = weights[old, index] if (old, index) in weights else values_of(source)
        if axes is not None and stay is not None:
            array = sliced(array, axes.get((old, index), ()), stay)
        if tuple(array.shape) != tuple(target.shape):
            raise SurgeryError(
                f"layer {old.name!r}: its weight {source.name!r} would have the shape "
                f"{tuple(array.shape)}, the layer expects {tuple(target.shape)}"
            )
        target.assign(array)
    _copy_hidden_state(old, new)
    copy_assets(old, new)
    if new.weights and hasattr(
        new, "finalize_state"
    ):  # adapted layers cache what they compute from their weights
        new.finalize_state()


def _copy_hidden_state(old: Any, new: Any) -> None:
    """Copy variables that are not among the weights, such as the states of random generators."""
    sources, targets = (
        [variable for variable in layer.variables if id(variable) not in weights]
        for layer in (old, new)
        for weights in [{id(weight) for weight in layer.weights}]
    )
    for source, target in zip(sources, targets, strict=True):
        target.assign(source)
