"""Configurations of layers, which may hold code that has none."""

from __future__ import annotations

from typing import Any

from pytest_paoding.errors import SurgeryError, cause_of


def config_of(layer: Any) -> dict[str, Any]:
    """Return what `get_config()` of a layer or operation does.

    Raises:
        SurgeryError: It, or what the layer holds, such as a regularizer, has none.
    """
    try:
        config: dict[str, Any] = layer.get_config()
    except Exception as error:
        raise SurgeryError(
            f"layer {layer.name!r} ({type(layer).__name__}) cannot be made again, as it has no "
            f"configuration: {cause_of(error)}"
        ) from error
    return config
