"""Patches: the values that sampled outputs of a layer are computed from, as rows of im2col."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.graph.axes import channel_axis, channels_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_paoding.engine.graph.trace import Call
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Sample:
    """Sampled outputs of one call.

    Attributes:
        call: The call of a dense layer or convolution.
        inputs: Index in the batch of each sampled output, ascending.
        positions: Position of each sampled output along the spatial axes, shape (axes, samples).
    """

    call: Call
    inputs: IntArray
    positions: IntArray

    @classmethod
    def draw(cls, call: Call, inputs: int, rows: int, generator: np.random.Generator) -> Sample:
        """Draw at most `rows` of the outputs for a number of inputs."""
        spatial = spatial_shape(call)
        total = inputs * int(np.prod(spatial))
        chosen = np.arange(total)
        if total > rows:
            chosen = np.sort(generator.choice(total, rows, replace=False))
        which, *positions = np.unravel_index(chosen, (inputs, *spatial))
        return cls(call, which, np.array(positions, np.int64).reshape(len(spatial), len(which)))

    def every(self, step: int) -> tuple[Sample, BoolArray]:
        """Return the part of one input out of `step`, and which of the samples it has."""
        part = self.inputs % step == 0
        return Sample(self.call, self.inputs[part] // step, self.positions[:, part]), part

    def outputs(self, chunks: Iterable[Any]) -> FloatArray:
        """Return the sampled outputs, from values before the activation, chunk by chunk."""
        return np.concatenate(
            [array[(which, *positions)] for array, which, positions in self._located(chunks)]
        )

    def patches(self, chunks: Iterable[Any]) -> FloatArray:
        """Return the patch of each sampled output, shape (samples, taps, channels)."""
        return np.concatenate([self._patches(*each) for each in self._located(chunks)])

    def _located(self, chunks: Iterable[Any]) -> Iterator[tuple[Any, IntArray, IntArray]]:
        """Yield each chunk, channels last, with the indices of the samples in it."""
        start = 0
        for chunk in chunks:
            array = channels_last(self.call, np.asarray(chunk))
            first, last = np.searchsorted(self.inputs, [start, start + len(array)])
            yield array, self.inputs[first:last] - start, self.positions[:, first:last]
            start += len(array)

    def _patches(self, array: Any, which: IntArray, positions: IntArray) -> FloatArray:
        layer = self.call.operation
        if type(layer) is keras.layers.Dense:
            found: FloatArray = array[(which, *positions)][:, None]
            return found
        taps = np.indices(layer.kernel_size).reshape(len(layer.kernel_size), -1)
        pad = [(0, 0), *_padding(layer, array.shape[1:-1]), (0, 0)]
        padded = np.pad(array, pad) if any(map(any, pad)) else array
        corner = (positions * np.array(layer.strides)[:, None])[:, :, None]
        offset = (taps * np.array(layer.dilation_rate)[:, None])[:, None]
        gathered: FloatArray = padded[(which[:, None], *(corner + offset))]
        return gathered


def spatial_shape(call: Call) -> tuple[int, ...]:
    """Return the lengths of a call's output along all axes but the units'."""
    shape = list(call.outputs[0].shape)
    del shape[channel_axis(call.operation)]
    return tuple(size or 1 for size in shape)


def channels_last(call: Call, array: Any) -> Any:
    """Return values with the channels moved to the end, where a layer has them first."""
    return np.moveaxis(array, 1, -1) if channels_first(call.operation) else array


def _padding(layer: Any, lengths: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the padding of a convolution before and after each spatial axis."""
    if layer.padding == "valid":
        return [(0, 0)] * len(lengths)
    pads = []
    for length, size, stride, dilation in zip(
        lengths, layer.kernel_size, layer.strides, layer.dilation_rate, strict=True
    ):
        reach = (size - 1) * dilation + 1
        missing = max((-(-length // stride) - 1) * stride + reach - length, 0)
        before = missing // 2
        if layer.padding == "causal":
            missing, before = reach - 1, reach - 1
        pads.append((before, missing - before))
    return pads
