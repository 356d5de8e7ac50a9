"""Copies of models for checks, with some weights replaced or in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pytest_paoding.engine.configs import config_of
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.graph.rules.registry import known
from pytest_paoding.engine.surgery.cut import copy_state
from pytest_paoding.engine.surgery.rebuild import Changes, Rebuild
from pytest_paoding.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.types import WeightKey

_CASTS = known("keras.src.ops.core", "Cast")


def copied(model: Any, weights: Mapping[WeightKey, Any], changes: Changes | None = None) -> Any:
    """Return an uncompiled copy of a model with some weights replaced.

    Args:
        model: A Sequential or Functional model; it is not changed.
        weights: Values by layer and index among `layer.weights`.
        changes: Other differences.

    Raises:
        SurgeryError: A layer cannot be built again.
    """
    rebuild = Rebuild(model, changes or Changes())
    for old, new in rebuild.rebuilt.items():
        if isinstance(old, keras.layers.Layer):
            copy_state(old, new, weights)
    return rebuild.model


def float64_copy(model: Any) -> Any | None:
    """Return a copy of a model that computes in float64; None if a layer cannot."""
    operations = {call.operation for call in read_graph(model).calls}
    try:
        configs = {
            each: _in_float64(config_of(each)) for each in operations if _has_precision(each)
        }
        return copied(model, {}, Changes(configs))
    except SurgeryError:
        return None


def _has_precision(operation: Any) -> bool:
    """Whether an operation is a layer or a cast to a floating dtype, as Keras 3.5 inserts them."""
    if isinstance(operation, keras.layers.Layer):
        return True
    dtype = str(getattr(operation, "dtype", ""))
    return is_cast(operation) and dtype.startswith(("float", "bfloat"))


def is_cast(operation: Any) -> bool:
    """Whether an operation is a cast."""
    return isinstance(operation, _CASTS)


def _in_float64(config: Any) -> Any:
    """Return a layer's configuration in float64, inner layers included."""
    if isinstance(config, dict):
        return {
            key: "float64" if key == "dtype" and each is not None else _in_float64(each)
            for key, each in config.items()
        }
    if isinstance(config, list):
        return [_in_float64(each) for each in config]
    return config
