"""Sensitivity: how much each output of a weight's sum matters to the outputs of the model.

Units of one layer may be read by gates that hardly matter and by a last layer that does; to weigh
one against the other, random directions of the model's outputs are traced back to the weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.pruning.gradients.descent import NoGradientError, gradients_of
from pytest_paoding.engine.pruning.gradients.work import batch_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    keys = [each.key for each in readings]
    start = [tf.constant(model.weights[key]) for key in keys]
    found = [np.zeros(each.rows(model.weights[each.key]).shape[1]) for each in readings]
    count = len(next(iter(inputs.values())))
    size = min(count, batch_of(model.graph))
    for _ in range(_PROBES):
        chosen = generator.choice(count, size, replace=False)
        batch = {tensor: values[chosen] for tensor, values in inputs.items()}
        try:
            slopes = _traced(model, batch, keys, start, generator)
        except NoGradientError:
            return {}
        for number, slope in enumerate(slopes):
            rows = readings[number].rows(np.asarray(slope, np.float64))
            found[number] += np.square(rows).sum(axis=0)
    return {
        reading.key: total / (_PROBES * size * (np.trace(reading.second) + 1e-12))
        for reading, total in zip(readings, found, strict=True)
    }


def _traced(
    model: Model,
    batch: Mapping[Tensor, Any],
    keys: Sequence[WeightKey],
    start: list[Any],
    generator: np.random.Generator,
) -> list[Any]:
    """Return the gradients of the outputs along a random direction for each input."""
    with tf.GradientTape() as tape:
        tape.watch(start)
        model.moved = dict(zip(keys, start, strict=True))
        outputs = tf.cast(Wave(model, [batch]).outputs(), tf.float32)
        direction = generator.standard_normal(outputs.shape).astype(np.float32)
        along = tf.reduce_sum(outputs * direction)
    model.moved = {}
    return gradients_of(tape, along, start)
