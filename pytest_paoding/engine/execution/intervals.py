"""Intervals, and what activations do to intervals of values and of differences.

A value interval bounds what a unit may compute on any legal input. A difference interval bounds by
how much merging units moves it. The two are propagated differently: a difference is multiplied by a
linear map without its bias, and an activation can stretch it at most by its steepest slope.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from pytest_paoding.engine.execution.variables import values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_paoding.engine.graph.types import FloatArray


@dataclass(frozen=True, slots=True)
class Interval:
    """Lower and upper bounds of a tensor, batch axis first, both of one shape."""

    low: FloatArray
    high: FloatArray

    @property
    def centre(self) -> FloatArray:
        """Midpoints."""
        return (self.low + self.high) / 2

    @property
    def radius(self) -> FloatArray:
        """Half widths."""
        return (self.high - self.low) / 2

    def __add__(self, other: Interval) -> Interval:
        """Return bounds of the sum of anything in the one and anything in the other."""
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        """Return bounds of the difference, the two not being related."""
        return Interval(self.low - other.high, self.high - other.low)

    def times(self, factor: FloatArray) -> Interval:
        """Return bounds of the product with known numbers of either sign."""
        ends = self.low * factor, self.high * factor
        return Interval(np.minimum(*ends), np.maximum(*ends))

    def shifted(self, offset: FloatArray) -> Interval:
        """Return bounds of the sum with known numbers."""
        return Interval(self.low + offset, self.high + offset)

    @classmethod
    def around(cls, centre: FloatArray, radius: FloatArray) -> Interval:
        """Return the interval of a centre and a radius."""
        return cls(centre - radius, centre + radius)


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function, its slope and its minimum.

    Attributes:
        function: The function, of arrays.
        slope: Its steepest slope (Lipschitz constant).
        least: Where it takes its minimum, falling before and rising after; None where it rises
            throughout.
    """

    function: Callable[[Any], Any]
    slope: float
    least: float | None = None

    def value(self, interval: Interval) -> Interval:
        """Return the exact bounds of the function on an interval of its argument."""
        low, high = self._at(interval.low), self._at(interval.high)
        if self.least is None:
            return Interval(low, high)
        dips = (interval.low < self.least) & (interval.high > self.least)
        floor = np.where(dips, self._at(np.full_like(low, self.least)), np.minimum(low, high))
        return Interval(floor, np.maximum(low, high))

    def difference(self, moved: Interval, argument: Interval | None) -> Interval:
        """Return bounds of f(x + d) - f(x) for d in `moved` and x in `argument`.

        Args:
            moved: Bounds of d.
            argument: Bounds of x, where they are known.
        """
        reach = Interval(np.minimum(moved.low, 0), np.maximum(moved.high, 0))
        if self.least is not None:
            reach = Interval(np.minimum(reach.low, -reach.high), np.maximum(reach.high, -reach.low))
        reach = Interval(self.slope * reach.low, self.slope * reach.high)
        if self.function is keras.activations.relu and argument is not None:
            return _relu_difference(moved, argument, reach)
        return reach

    def _at(self, array: FloatArray) -> FloatArray:
        if self.function is keras.activations.relu:  # by far the most frequent: no tensor needed
            return np.maximum(array, 0)
        values: FloatArray = values_of(self.function(keras.ops.convert_to_tensor(array)))
        return values


def known_activation(function: Any) -> Activation | None:
    """Look up an activation function; None if its slope is not known."""
    return _KNOWN.get(function)


def layer_activation(layer: Any) -> Activation | None:
    """Return the activation that a layer is; None if it is none, or its slope is not known."""
    kind = type(layer)
    if kind is keras.layers.Activation:
        return known_activation(layer.activation)
    if kind is keras.layers.ReLU:
        plain = layer.max_value is None and not layer.negative_slope and not layer.threshold
        function = keras.activations.relu if plain else layer
        rises = layer.negative_slope >= 0 and layer.threshold == 0
        return Activation(function, max(1.0, float(layer.negative_slope))) if rises else None
    if kind is keras.layers.LeakyReLU and layer.negative_slope >= 0:
        return Activation(layer, max(1.0, float(layer.negative_slope)))
    if kind is keras.layers.ELU and layer.alpha >= 0:
        return Activation(layer, max(1.0, float(layer.alpha)))
    return None


def _relu_difference(moved: Interval, argument: Interval, reach: Interval) -> Interval:
    """Return bounds of a ReLU's difference, exact where it stays linear or dead."""
    linear = (argument.low >= 0) & (argument.low + moved.low >= 0)
    dead = (argument.high <= 0) & (argument.high + moved.high <= 0)
    low = np.where(linear, moved.low, np.where(dead, 0, reach.low))
    high = np.where(linear, moved.high, np.where(dead, 0, reach.high))
    return Interval(low, high)


def _slope(name: str, slope: float, least: float | None = None) -> tuple[Any, Activation] | None:
    function = getattr(keras.activations, name, None)  # the list has grown since Keras 3.5
    return None if function is None else (function, Activation(function, slope, least))


# Steepest slopes, rounded up, and minima of the functions of keras.activations.
_KNOWN: dict[Any, Activation] = dict(
    entry
    for entry in (
        _slope("linear", 1.0),
        _slope("relu", 1.0),
        _slope("relu6", 1.0),
        _slope("leaky_relu", 1.0),
        _slope("elu", 1.0),
        _slope("celu", 1.0),
        _slope("selu", 1.7581),
        _slope("sigmoid", 0.25),
        _slope("hard_sigmoid", 1 / 6),
        _slope("hard_tanh", 1.0),
        _slope("log_sigmoid", 1.0),
        _slope("tanh", 1.0),
        _slope("tanh_shrink", 1.0),
        _slope("softplus", 1.0),
        _slope("softsign", 1.0),
        _slope("squareplus", 1.0),
        _slope("sparse_plus", 1.0),
        _slope("soft_shrink", 1.0),
        _slope("gelu", 1.1290, -0.7517915),
        _slope("silu", 1.0999, -1.2784645),
        _slope("mish", 1.0890, -1.1924410),
    )
    if entry is not None
)
