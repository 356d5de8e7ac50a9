"""Dense layers and convolutions."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.evaluation.costs.macs import channels, counts, shapes, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import Shape


@counts(keras.layers.Dense)
def dense(call: Call) -> int:
    """Every output sums over the last axis of the input."""
    before, after = shapes(call)
    return size(after) * size(before[-1:])


@counts(keras.layers.EinsumDense)
def einsum_dense(call: Call) -> int:
    """A product of the input and the kernel for every combination of indices."""
    layer = call.operation
    terms = layer.equation.partition("->")[0].split(",")
    return combinations(terms, ((1, *shapes(call)[0]), tuple(layer.kernel.shape)))


def combinations(terms: Sequence[str], lengths: Sequence[Shape]) -> int:
    """Return the number of combinations of all indices of an einsum.

    Args:
        terms: The indices of each operand; an ellipsis stands for any axes.
        lengths: The shape of each operand, with one sample as its batch.
    """
    found: dict[str, int | None] = {}
    for term, shape in zip(terms, lengths, strict=True):
        head, _, tail = term.strip().partition("...")
        stop = len(shape) - len(tail)
        between = reversed(shape[len(head) : stop])
        found.update(zip(head, shape, strict=False))
        found.update(zip(tail, shape[stop:], strict=True))
        found.update((f"...{axis}", length) for axis, length in enumerate(between))
    return size(tuple(found.values()))


@counts(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
def conv(call: Call) -> int:
    """Every output sums over the window and the channels of its group."""
    layer = call.operation
    before, after = shapes(call)
    inputs = channels(layer, before) // int(layer.groups)
    return int(size(after) * prod(layer.kernel_size) * inputs)


@counts(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
def conv_transpose(call: Call) -> int:
    """Every input is multiplied with the window for every filter."""
    layer = call.operation
    return int(size(shapes(call)[0]) * prod(layer.kernel_size) * layer.filters)


@counts(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
def depthwise_conv(call: Call) -> int:
    """Every output sums over the window."""
    return int(size(shapes(call)[1]) * prod(call.operation.kernel_size))


@counts(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
def separable_conv(call: Call) -> int:
    """A depthwise convolution, then a dense layer at every position."""
    layer = call.operation
    before, after = shapes(call)
    middle = size(after) // layer.filters * channels(layer, before) * layer.depth_multiplier
    return int(middle * (prod(layer.kernel_size) + layer.filters))
