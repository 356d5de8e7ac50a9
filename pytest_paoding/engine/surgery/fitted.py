"""Weights that were fitted freely: found in a pruned model, and kept beside its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.bounded_reading import opened_archive
from pytest_paoding.engine.damage import refusing
from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.graph.inference import finite
from pytest_paoding.engine.surgery.transform import axes_by_weight, rewritten_weights, sliced
from pytest_paoding.errors import SurgeryError
from pytest_paoding.records.files.digests import sha256_of
from pytest_paoding.records.plans.fitted_weights import StoredWeights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_paoding.engine.graph.structure import Structure
    from pytest_paoding.engine.graph.types import BoolArray, WeightKey
    from pytest_paoding.engine.surgery.cut import Cut
    from pytest_paoding.engine.surgery.transform import Transform
    from pytest_paoding.records.plans.fitted_weights import FittedWeights

_HEADER = 4096  # bytes of an array's file besides its numbers, at most


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fitted:
    """Fitted weights in memory.

    Attributes:
        arrays: Values at their shapes after the cut, by layer name and index among its weights.
    """

    arrays: Mapping[tuple[str, int], Any]

    @property
    def names(self) -> tuple[tuple[str, int], ...]:
        """Layer name of each weight, and its index among the layer's weights."""
        return tuple(self.arrays)

    def save(self, path: Path) -> None:
        """Write an `.npz` file of the arrays, numbered in the order of `names`."""
        with path.open("wb") as file:
            np.savez(file, **{str(at): each for at, each in enumerate(self.arrays.values())})


def changed_weights(
    structure: Structure, transform: Transform, outcome: Cut
) -> dict[tuple[str, int], Any]:
    """Return the weights of a pruned model that its units and take-overs do not explain.

    Cost: one pass over the weights, a layer of both models at a time.
    """
    plain = rewritten_weights(structure, transform.without_fits())
    axes = axes_by_weight(structure)
    found: dict[tuple[str, int], Any] = {}
    for name, layer in _named_layers(structure).items():
        for index, variable in enumerate(outcome.rebuilt[layer].weights):
            array = values_of(variable)
            key = layer, index
            given = plain[key] if key in plain else values_of(layer.weights[index])
            left = sliced(given, axes.get(key, ()), transform.stay).astype(array.dtype)
            if left.tobytes() != array.tobytes():
                found[name, index] = array
    return found


def expanded_weights(
    structure: Structure, stay: BoolArray, fitted: FittedWeights
) -> dict[WeightKey, Any]:
    """Return fitted weights at uncut shapes, with old values at removed positions.

    Raises:
        SurgeryError: They do not fit the model or the units that stay, or cannot be read.
    """
    layers, axes = _named_layers(structure), axes_by_weight(structure)
    uncut: dict[WeightKey, tuple[Any, Any]] = {}
    for name, index in fitted.names:
        layer = layers.get(name)
        if layer is None or not 0 <= index < len(layer.weights):
            raise SurgeryError(f"unlike the plan the model has no weight {index} of layer {name!r}")
        values = values_of(layer.weights[index])
        masks = [np.ones(length, bool) for length in values.shape]
        for axis in axes.get((layer, index), ()):
            masks[axis.axis] &= stay[axis.classes]
        uncut[layer, index] = values, np.ix_(*masks)
    shapes = [values[place] for values, place in uncut.values()]
    arrays = _read(fitted, shapes)
    for (values, place), array in zip(uncut.values(), arrays, strict=True):
        values[place] = array
    return {key: values for key, (values, _) in uncut.items()}


def _named_layers(structure: Structure) -> dict[str, Any]:
    """Return the layers with weights by name, those of nested models by path."""
    named: dict[str, Any] = {}
    for call in structure.graph.calls:
        if getattr(call.operation, "weights", None) and call.operation not in named.values():
            named[call.name] = call.operation
    return named


def _read(fitted: FittedWeights, like: list[Any]) -> list[Any]:
    """Return the arrays, each checked against one of the required shape and dtype."""
    if isinstance(fitted, Fitted):
        arrays = list(fitted.arrays.values())
    else:
        assert isinstance(fitted, StoredWeights), "there is no other kind"  # noqa: S101 # for the type checker
        arrays = stored_arrays(fitted, like)
    for (name, index), array, wanted in zip(fitted.names, arrays, like, strict=True):
        known = array.dtype in (wanted.dtype, np.dtype(f"V{wanted.dtype.itemsize}"))  # bfloat16
        if array.shape != wanted.shape or not known:
            raise SurgeryError(
                f"layer {name!r}: weight {index} fitted beside the plan is {array.dtype} of shape "
                f"{array.shape}, what stays of it {wanted.dtype} of shape {wanted.shape}"
            )
    found = [each.view(wanted.dtype) for each, wanted in zip(arrays, like, strict=True)]
    for (name, index), array, wanted in zip(fitted.names, found, like, strict=True):
        broken = np.count_nonzero(finite(wanted) & ~finite(array))
        if broken:
            raise SurgeryError(
                f"layer {name!r}: weight {index} fitted beside the plan has {broken} values that "
                f"are not finite: make the plan anew"
            )
    return found


def stored_arrays(fitted: StoredWeights, like: list[Any]) -> list[Any]:
    """Read the file, in which no array may be larger than the weight it is for."""
    if fitted.path is None:
        raise SurgeryError("weights were fitted beside this plan: load it from its file")
    with refusing(fitted.path, SurgeryError, "cannot be read: {}"):
        if fitted.sha256 != sha256_of(fitted.path):
            raise SurgeryError("not the weights that were fitted beside this plan")
        with opened_archive(fitted.path) as archive:
            sizes = {each.filename: each.file_size for each in archive.infolist()}
        for at, wanted in enumerate(like):
            if sizes.get(f"{at}.npy", 0) > wanted.nbytes + _HEADER:
                raise SurgeryError(f"array {at} is larger than what stays of it")
        with np.load(fitted.path, allow_pickle=False) as arrays:
            return [arrays[str(at)] for at in range(len(like))]
