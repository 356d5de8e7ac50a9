"""Sparsity: the smallest of the remaining weights set to zero, as a last stage.

It makes no layer smaller and no call faster, only the compressed file smaller.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.execution.variables import values_of


def sparsify(model: Any, share: float) -> str:
    """Set the smallest weights of every kernel to zero, in place; return a note for the user.

    In each kernel of a dense layer or convolution, depthwise and nested ones included, the
    `round(share * n)` of n weights of least magnitude become zero (Han et al. 2015, arXiv
    1506.02626). Biases, normalisations and embeddings stay. Linear in the number of weights.

    Args:
        model: The model, whose kernels are changed.
        share: Share of the weights of each kernel, in [0, 1).
    """
    kernels = [layer.kernel for layer in _layers(model) if is_linear(layer)]
    zeros = total = 0
    for kernel in kernels:
        values = values_of(kernel).copy()
        count = round(share * values.size)
        if count:
            values.ravel()[np.argpartition(np.abs(values).ravel(), count - 1)[:count]] = 0
        kernel.assign(values)
        zeros += int(np.count_nonzero(values == 0))
        total += values.size
    return f"{zeros} of {total} kernel weights are zero: the smallest {share:.0%} of each kernel"


def _layers(model: Any) -> list[Any]:
    """Return every layer once, those of nested models and wrappers included."""
    flat = model._flatten_layers(include_self=False, recursive=True)  # noqa: SLF001 # Keras has no public way into wrappers
    return [layer for layer in flat if isinstance(layer, keras.layers.Layer)]
