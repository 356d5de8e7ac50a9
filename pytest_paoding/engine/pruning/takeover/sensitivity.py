"""Sensitivity: how much each output of a weight's sum matters to the outputs of the model.

Units of one layer may be read by gates that hardly matter and by a last layer that does; to weigh
one against the other, random directions of the model's outputs are traced back to the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.variables import values_of
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.synthesis.descent import NoGradientError, gradients_of
from pytest_paoding.engine.synthesis.work import batch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Tensor
    from pytest_paoding.engine.graph.types import FloatArray, WeightKey
    from pytest_paoding.engine.pruning.takeover.readings import Reading

_PROBES = 16


def sensitivities(
    model: Model,
    inputs: Mapping[Tensor, Any],
    readings: Sequence[Reading],
    generator: np.random.Generator,
) -> dict[WeightKey, FloatArray]:
    """Return the mean squared slope of the model's outputs along each output of every reading.

    The gradient of a weight is a sum of products of what is read and of the slope. Over inputs and
    random directions the products hardly correlate, so that the sum's mean square, divided by that
    of what is read, is the slopes'; each is summed over the steps or positions of an input. Costs
    16 gradient steps.

    Returns:
        For each weight the slopes, shape (outputs,); nothing where an operation has no gradient.
    """
    start = [tf.constant(model.weights[each.key]) for each in readings]
    found = [np.zeros(each.rows(model.weights[each.key]).shape[1]) for each in readings]
    count = len(next(iter(inputs.values())))
    size = min(count, batch_of(model.graph))
    slopes_of = _slopes_of(model, [each.key for each in readings])
    for _ in range(_PROBES):
        chosen = generator.choice(count, size, replace=False)
        batch = [inputs[tensor][chosen] for tensor in model.graph.inputs]
        seed = generator.integers(0, 1 << 31, 2)
        try:
            slopes = slopes_of(start, batch, tf.constant(seed, tf.int32))
        except NoGradientError:
            return {}
        for number, slope in enumerate(slopes):
            rows = readings[number].rows(values_of(slope).astype(np.float64))
            found[number] += np.square(rows).sum(axis=0)
    return {
        reading.key: total / (_PROBES * size * (np.trace(reading.second) + 1e-12))
        for reading, total in zip(readings, found, strict=True)
    }


def _slopes_of(model: Model, keys: Sequence[WeightKey]) -> Callable[..., Any]:
    """Return the traced gradients of the outputs along a random direction for each input."""

    def slopes(start: list[Any], batch: list[Any], seed: Any) -> list[Any]:
        values = dict(zip(model.graph.inputs, batch, strict=True))
        with tf.GradientTape() as tape:
            tape.watch(start)
            model.moved = dict(zip(keys, start, strict=True))
            outputs = tf.cast(Wave(model, [values]).outputs(), tf.float32)
            direction = tf.random.stateless_normal(tf.shape(outputs), seed)
            along = tf.reduce_sum(outputs * direction)
        model.moved = {}
        return gradients_of(tape, along, start)

    return tf.function(slopes, autograph=False, reduce_retracing=True)  # type: ignore[no-any-return]  # untyped
