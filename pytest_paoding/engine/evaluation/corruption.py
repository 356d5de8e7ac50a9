"""Corrupted inputs, as of a poor camera or a noisy line, at five severities.

Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and
Perturbations", 2019: the strengths are those of CIFAR-10-C for images below 64 pixels and of
ImageNet-C for larger ones, given for values from 0 to 1 and scaled to the range of the input. Other
than there nothing is rounded to 8 bits, and the same noise grows with the severity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.legal_range import unfit
from pytest_paoding.engine.execution.tensors import IMAGE_RANK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.ports import Port

_LARGE = 64
_SMALL_STRENGTHS = {
    "noise": (0.04, 0.06, 0.08, 0.09, 0.10),
    "blur": (0.4, 0.6, 0.7, 0.8, 1.0),
    "brightness": (0.05, 0.1, 0.15, 0.2, 0.3),
    "contrast": (0.75, 0.5, 0.4, 0.3, 0.15),
}
_LARGE_STRENGTHS = {
    "noise": (0.08, 0.12, 0.18, 0.26, 0.38),
    "blur": (1.0, 2.0, 3.0, 4.0, 6.0),
    "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),
}
_TRUNCATED = 4.0
"""Reach of a Gaussian filter, in standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruptions:
    """Kinds of corruption, each applied at each severity.

    Attributes:
        kinds: `noise`, `blur`, `brightness`, `contrast`; all but noise are for images alone, which
            have three axes besides the samples'.
        severities: Numbers from 1 to 5.
        inputs: The model's inputs; those that are not floating-point are left as they are.
        ranges: Low and high of each input; None for those that are left as they are.
        channels_first: Whether the first of an image's axes is that of the channels.
        seed: Seed of the noise.
    """

    kinds: tuple[str, ...]
    severities: tuple[int, ...]
    inputs: tuple[Port, ...]
    ranges: tuple[Interval | None, ...]
    channels_first: bool = False
    seed: int = 0

    @property
    def versions(self) -> tuple[tuple[str, int], ...]:
        """The kinds that apply to some input, with each severity."""
        fitting = [kind for kind in self.kinds if any(self._changes(kind))]
        return tuple((kind, severity) for kind in fitting for severity in self.severities)

    def refusal(self, batch: Batch) -> str | None:
        """Return why a batch cannot be corrupted, if so."""
        if reason := unfit(batch, self.inputs, self.ranges, finite=True):
            return reason
        if self.versions:
            return None
        return f"the model has no image to apply {' or '.join(self.kinds)} to"

    def corrupted(self, inputs: Sequence[Any], number: int) -> Iterator[list[Any]]:
        """Yield the inputs of a batch once for every version, a tensor for each input.

        Args:
            inputs: One array for each input, within its range.
            number: Number of the batch, which gets noise of its own.
        """
        noise = _Noise(np.random.default_rng((self.seed, number, 1)))
        unit = [
            each if interval is None else _scaled(each, interval)
            for each, interval in zip(inputs, self.ranges, strict=True)
        ]
        for kind, severity in self.versions:
            found = []
            pairs = zip(inputs, unit, self.ranges, self._changes(kind), strict=True)
            for place, (each, values, interval, changed) in enumerate(pairs):
                if not changed or interval is None:
                    found.append(tf.convert_to_tensor(each))
                    continue
                strength = _strengths(values, self._axes)[kind][severity - 1]
                worse = (
                    values + strength * noise.of(place, values)
                    if kind == "noise"
                    else _FILTERS[kind](values, strength, self._axes)
                )
                low, high = interval
                legal = (worse * (high - low) + low).astype(each.dtype).clip(low, high)
                found.append(tf.convert_to_tensor(legal.astype(each.dtype, copy=False)))
            yield found

    @property
    def _axes(self) -> tuple[int, int]:
        """The axes of an image's height and width."""
        return (2, 3) if self.channels_first else (1, 2)

    def _changes(self, kind: str) -> list[bool]:
        """Return which inputs a kind applies to."""
        return [
            interval is not None and (kind == "noise" or len(port.shape) == IMAGE_RANK)
            for port, interval in zip(self.inputs, self.ranges, strict=True)
        ]


class _Noise:
    """Standard normal noise of one batch, drawn once for each input."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._drawn: dict[int, Any] = {}

    def of(self, place: int, values: Any) -> Any:
        """Return noise in the shape of an input's values."""
        if place not in self._drawn:
            self._drawn[place] = self._generator.standard_normal(values.shape, values.dtype)
        return self._drawn[place]


def _scaled(values: Any, interval: Interval) -> Any:
    low, high = interval
    dtype = np.float64 if values.dtype == np.float64 else np.float32
    return (values.astype(dtype) - low) / dtype(high - low)


def _strengths(values: Any, axes: tuple[int, int]) -> Mapping[str, tuple[float, ...]]:
    image = values.ndim == IMAGE_RANK + 1
    large = image and min(values.shape[axis] for axis in axes) >= _LARGE
    return _LARGE_STRENGTHS if large else _SMALL_STRENGTHS


def _blurred(values: Any, deviation: float, axes: tuple[int, int]) -> Any:
    """Return images filtered by a Gaussian along both axes, padded with the border's pixels."""
    for axis in axes:
        weights = _gaussian(values.shape[axis], deviation).astype(values.dtype)
        values = np.moveaxis(np.tensordot(values, weights, axes=(axis, 1)), -1, axis)
    return values


def _gaussian(length: int, deviation: float) -> Any:
    """Return the filter as a matrix, shape (length, length)."""
    reach = int(_TRUNCATED * deviation + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * deviation**2))
    rows = np.arange(length)[:, None]
    matrix = np.zeros((length, length))
    np.add.at(matrix, (rows, np.clip(rows + offsets, 0, length - 1)), weights / weights.sum())
    return matrix


def _brightened(values: Any, more: float, axes: tuple[int, int]) -> Any:
    """Return images with `more` added to the value V of HSV."""
    channels = 1 if axes[0] > 1 else -1
    value = values.max(axis=channels, keepdims=True)
    brighter = np.minimum(value + more, 1)
    return np.where(value > 0, values * (brighter / np.where(value > 0, value, 1)), brighter)


def _flattened(values: Any, left: float, axes: tuple[int, int]) -> Any:
    """Return images with less contrast: their differences from the channels' means shrink."""
    mean = values.mean(axis=axes, keepdims=True)
    return (values - mean) * values.dtype.type(left) + mean


_FILTERS: dict[str, Callable[[Any, float, tuple[int, int]], Any]] = {
    "blur": _blurred,
    "brightness": _brightened,
    "contrast": _flattened,
}
