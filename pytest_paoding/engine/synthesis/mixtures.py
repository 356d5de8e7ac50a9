"""Mixtures: any number of inputs made from a few hundred.

A model that is fitted to a few hundred inputs alone overfits. As the original answers any input, no
input needs a label, and pairs can be mixed (mixup, Zhang et al. 2018, arXiv 1710.09412) or have a
window replaced (CutMix, Yun et al. 2019, arXiv 1905.04899). Images from an inversion may also be
shifted by a few pixels, for more variety in position. Of two sequences, the beginning of one is
joined to the end of the other, so that the order within stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.inputs.input_sources import InputSources

_SHIFT = 8  # an image is shifted by at most 1/8 of its side


class Mixtures:
    """Draws mixtures of inputs.

    Args:
        sources: The model's inputs.
        inputs: Values of every input, of equal numbers.
        generator: The random generator.
        shifted: Whether to shift images too.
    """

    def __init__(
        self,
        sources: InputSources,
        inputs: Mapping[Tensor, Any],
        generator: np.random.Generator,
        *,
        shifted: bool,
    ) -> None:
        """Prepare to mix inputs."""
        self._inputs = inputs
        self._is_shifted = shifted
        self._generator = generator
        self._count = len(next(iter(inputs.values())))
        self._sources = sources

    def draw(self, count: int) -> list[Any]:
        """Return `count` mixtures of two inputs each, an array for every input of the model."""
        pairs = self._generator.integers(0, self._count, (2, count))
        shares = self._generator.random(count, np.float32)
        return [self._mixed(tensor, pairs, shares) for tensor in self._inputs]

    def _mixed(self, tensor: Tensor, pairs: IntArray, shares: FloatArray) -> Any:
        one, other = (self._inputs[tensor][rows] for rows in pairs)
        share = shares.reshape(-1, *(1,) * (one.ndim - 1))
        if self._sources[tensor].is_sequence and one.ndim > 1:
            return self._spliced(one, other, share)
        source = self._sources[tensor]
        if not source.numeric:
            return self._either(one, other, share)
        if source.kind == "picture":
            one, other = (np.asarray(source.layout.drawn(each)) for each in (one, other))
            share = shares.reshape(-1, 1, 1, 1)
            if self._is_shifted:
                one, other = self._shifted(one), self._shifted(other)
            share = np.broadcast_to(share, (*one.shape[:3], 1)).copy()
            share[::2, ..., 0] = self._windows(share[::2].shape[:3])
            mixed = source.layout.taken(share * one + (1 - share) * other)
            return mixed.astype(tensor.dtype)
        blend = share * one + (1 - share) * other
        if source.fixed is not None:  # a category between two is a third one
            blend = np.where(source.fixed, self._either(one, other, share), blend)
        return blend.astype(tensor.dtype)

    def shifted(self) -> dict[Tensor, Any]:
        """Return the pictures among the inputs, each shifted by a few pixels."""
        found = {}
        for tensor, values in self._inputs.items():
            source = self._sources[tensor]
            if source.numeric and source.kind == "picture":
                moved = self._shifted(np.asarray(source.layout.drawn(values)))
                found[tensor] = source.layout.taken(moved).astype(values.dtype)
        return found

    def _either(self, one: Any, other: Any, share: FloatArray) -> Any:
        """Return each value of one input or of the other."""
        return np.where(self._generator.random(one.shape) < share, one, other)

    def _spliced(self, one: Any, other: Any, share: FloatArray) -> Any:
        """Return half of the sequences as they are, and the others with another one's end."""
        steps = one.shape[1]
        places = np.arange(steps).reshape(1, -1, *(1,) * (one.ndim - 2))
        return np.where(places < 2 * steps * share, one, other)

    def _shifted(self, images: FloatArray) -> FloatArray:
        """Return images shifted in both directions, wrapped around their sides."""
        count, *sides = images.shape[:3]
        most = [side // _SHIFT for side in sides]
        moves = [self._generator.integers(-far, far + 1, count) for far in most]
        rows, columns = (
            (np.arange(side) + move[:, None]) % side
            for side, move in zip(sides, moves, strict=True)
        )
        shifted: FloatArray = images[
            np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]
        ]
        return shifted

    def _windows(self, shape: tuple[int, ...]) -> BoolArray:
        """Return masks of windows of half the sides, clipped at the end; shape (count, h, w)."""
        count, *sides = shape
        starts = [self._generator.integers(0, side, count) for side in sides]
        rows, columns = (
            (start[:, None] <= np.arange(side)) & (np.arange(side) < start[:, None] + side // 2)
            for side, start in zip(sides, starts, strict=True)
        )
        inside: BoolArray = rows[:, :, None] & columns[:, None, :]
        return inside
