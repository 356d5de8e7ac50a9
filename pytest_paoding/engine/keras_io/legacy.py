"""Reading HDF5 files of Keras 2: configurations hold keys that Keras 3 has dropped."""

from __future__ import annotations

from typing import Any

import keras

_DROPPED = {"groups": 1, "time_major": False}
_LAYERS = (
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.SimpleRNN,
    keras.layers.GRU,
    keras.layers.LSTM,
)


def legacy_layers() -> dict[str, Any]:
    """Return makers of layers by class name, which drop the keys that Keras 3 no longer takes.

    What they make are plain Keras layers. A key that says something else than its default is left
    for Keras to refuse. For `custom_objects` of `keras.models.load_model`.
    """
    return {layer.__name__: _maker(layer) for layer in _LAYERS}


def _maker(layer: Any) -> type:
    """Return a class whose `from_config` makes a `layer`."""

    def from_config(_cls: type, config: dict[str, Any]) -> Any:
        meaningless = {key for key, value in _DROPPED.items() if config.get(key) == value}
        return layer.from_config({key: config[key] for key in config if key not in meaningless})

    return type(layer.__name__, (), {"from_config": classmethod(from_config)})
