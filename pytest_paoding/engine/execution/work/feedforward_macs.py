"""Dense layers and convolutions."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import keras

from pytest_paoding.engine.execution.work.macs import counts
from pytest_paoding.engine.execution.work.products import along, axes_of, constant
from pytest_paoding.engine.graph.axes import channel_axis
from pytest_paoding.engine.graph.rules.registry import known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.execution.work.products import Length, Product
    from pytest_paoding.engine.graph.trace import Call


@counts(keras.layers.Dense)
def dense(call: Call) -> Sequence[Product]:
    """Every output sums over the last axis of the input."""
    return [(*along(call.outputs[0]), *along(call.inputs[0])[-1:])]


@counts(keras.layers.EinsumDense)
def einsum_dense(call: Call) -> Sequence[Product]:
    """A product of the input and the kernel for every combination of indices."""
    layer = call.operation
    terms = layer.equation.partition("->")[0].split(",")
    inputs = (*constant(1), *along(call.inputs[0]))
    return [combinations(terms, (inputs, axes_of(layer.kernel)))]


def combinations(terms: Sequence[str], lengths: Sequence[Product]) -> Product:
    """Return the lengths of all indices of an einsum, whose product is that of combinations.

    Args:
        terms: The indices of each operand; an ellipsis stands for any axes.
        lengths: The lengths of each operand, with one sample as its batch.
    """
    found: dict[str, Length] = {}
    for term, axes in zip(terms, lengths, strict=True):
        head, _, tail = term.strip().partition("...")
        stop = len(axes) - len(tail)
        between = reversed(axes[len(head) : stop])
        found.update(zip(head, axes, strict=False))
        found.update(zip(tail, axes[stop:], strict=True))
        found.update((f"...{axis}", length) for axis, length in enumerate(between))
    return tuple(found.values())


@counts(keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
def conv(call: Call) -> Sequence[Product]:
    """Every output sums over the window and the channels of its group."""
    layer = call.operation
    return [(*along(call.outputs[0]), *axes_of(layer.kernel)[:-1])]


@counts(keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
def conv_transpose(call: Call) -> Sequence[Product]:
    """Every input is multiplied with the window for every filter."""
    return [(*along(call.inputs[0]), *axes_of(call.operation.kernel)[:-1])]


@counts(keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
def depthwise_conv(call: Call) -> Sequence[Product]:
    """Every output sums over the window."""
    return [(*along(call.outputs[0]), *constant(prod(call.operation.kernel_size)))]


@counts(keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
def separable_conv(call: Call) -> Sequence[Product]:
    """A depthwise convolution, then a dense layer at every position."""
    layer = call.operation
    before, after = along(call.inputs[0]), list(along(call.outputs[0]))
    middle = (before[channel_axis(layer)], *constant(layer.depth_multiplier))
    filters = after.pop(channel_axis(layer))
    return [(*after, *middle, *constant(prod(layer.kernel_size))), (*after, *middle, filters)]


@counts(*known("keras.layers", "ReversibleEmbedding"))
def reversible_embedding(call: Call) -> Sequence[Product]:
    """Backwards, every output sums over the features; forwards, rows are looked up."""
    backwards = [*call.args[1:2], call.kwargs.get("reverse", False)][0]
    return dense(call) if backwards else ()


@counts(keras.layers.MelSpectrogram)
def mel_spectrogram(call: Call) -> Sequence[Product]:
    """Every output sums over the frequencies of its frame."""
    frequencies = call.operation.fft_length // 2 + 1
    return [(*along(call.outputs[0]), *constant(frequencies))]
