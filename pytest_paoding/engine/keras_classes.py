"""Classes of Keras that its versions make public under other names, or not at all."""

from __future__ import annotations

from typing import Any

import keras

KERAS_VARIABLE: Any = next(
    each for each in reversed(keras.Variable.__mro__) if hasattr(each, "assign")
)
"""The class of every variable of Keras: `keras.Variable` may be one beside that of weights, as in
Keras 3.5, where the weight of a layer is none."""
