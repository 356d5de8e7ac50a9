"""The attacked inputs of a model as one array with values from 0 to 1.

Libraries attack one tensor between two numbers. A model may have several inputs, each with a range
of its own: they are flattened, put side by side and scaled by one factor, so that an epsilon stays
the same bound for all of them.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.legal_range import fixed_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_paoding.engine.evaluation.attacks.attack import Target
    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray


class UnitBox:
    """The samples of a target in the unit box, and the way back.

    Attributes:
        target: The model and its samples.
        values: The samples, shape (samples, values), from 0 to 1, without what may not change.
        width: What a distance of 1 is in the inputs' own unit.
    """

    def __init__(self, target: Target, ranges: Sequence[Interval | None]) -> None:
        """Take the samples of a target; `ranges` are finite, None for inputs left as they are."""
        self.target = target
        self._ranges = ranges
        known = [interval for interval in ranges if interval is not None]
        self.width = max(high - low for low, high in known)
        self._inputs = [each.numpy() for each in target.inputs]
        double = any(each.dtype == np.float64 for each, interval in self._pairs() if interval)
        self._dtype = np.float64 if double else np.float32
        parts = [each if r is None else each - each.dtype.type(r[0]) for each, r in self._pairs()]
        self.values = self._side_by_side(parts, 1 / self.width).clip(0, 1)

    def only(self, rows: IntArray) -> UnitBox:
        """Return the box with only some of the samples."""
        return UnitBox(self.target.only(rows), self._ranges)

    def inputs(self, values: Any) -> list[Any]:
        """Return the model's inputs at values in the box, a tensor for each."""
        done, found = 0, []
        for given, each, interval in zip(
            self.target.inputs, self._inputs, self._ranges, strict=True
        ):
            if interval is None:
                found.append(given)
                continue
            free = _free(each, interval)
            part = values[:, done : done + free.size] * self.width + interval[0]
            whole = each.reshape(len(each), -1).copy()
            whole[:, free] = part.clip(*interval)
            found.append(tf.convert_to_tensor(whole.reshape(each.shape)))
            done += free.size
        return found

    def slope(self, values: Any) -> Any:
        """Return the gradient of the losses, shape (samples, values)."""
        _, gradients = self.target.predictor.gradients(self.inputs(values), self.target.truths)
        return self._side_by_side(gradients, self.width)

    def losses(self, values: Any) -> FloatArray:
        """Return the losses, summed over the outputs, shape (samples,)."""
        found: FloatArray = self.target.predictor.losses(self.inputs(values), self.target.truths)
        return found

    def leads(self, values: Any) -> tuple[Any, Any]:
        """Return the lead of the true class, shape (samples,), and its gradient."""
        predictor, truths = self.target.predictor, self.target.truths
        leads, gradients = predictor.leads(self.inputs(values), truths)
        return leads.numpy().astype(values.dtype), self._side_by_side(gradients, self.width)

    def right(self, values: Any) -> BoolArray:
        """Return whether values in the box are classified right, shape (samples,)."""
        return self.target.right(self.inputs(values))

    def _pairs(self) -> zip[tuple[Any, Interval | None]]:
        return zip(self._inputs, self._ranges, strict=True)

    def _side_by_side(self, parts: Sequence[Any], factor: float) -> Any:
        flat = [
            np.asarray(each, self._dtype).reshape(len(each), -1)[:, _free(each, interval)]
            for each, interval in zip(parts, self._ranges, strict=True)
            if interval is not None
        ]
        return np.concatenate(flat, axis=1) * self._dtype(factor)


def _free(values: Any, interval: Interval) -> IntArray:
    """Return the flat positions of an input that may be changed."""
    fixed = fixed_in(interval, tuple(values.shape[1:]))
    return np.arange(prod(values.shape[1:])) if fixed is None else np.flatnonzero(~fixed)
