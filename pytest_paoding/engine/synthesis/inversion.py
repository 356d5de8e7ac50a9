"""Inversion: synthetic inputs moved, by gradients, towards a model's training data.

Without any data, two things are known of them: the statistics that normalisations recorded, and
that each input was meant to be classified. Synthetic inputs are moved for a few steps, until a
batch has those statistics and each input is clearly of a class drawn at random (DeepInversion, Yin
et al. 2020, arXiv 1912.08795).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.synthesis.class_targets import (
    drawn_targets,
    leaning_targets,
)
from pytest_paoding.engine.synthesis.descent import NoGradientError, adam_step, gradients_of
from pytest_paoding.engine.synthesis.pull import SOFT, objective, roughness
from pytest_paoding.engine.synthesis.work import (
    PASSES,
    STEP,
    affordable,
    batch_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.engine.synthesis.pull import Bound, Pull, Span
    from pytest_paoding.records.protocol import Progress


_RATE = 0.05  # size of a step, in half the log-odds of an input in its range
_SLOWEST = 0.1  # share of it at the end of a search that slows down


@dataclass(frozen=True, slots=True)
class Effort:
    """The budget of an inversion.

    Attributes:
        steps: Steps of each input.
        inputs: Maximum number of inputs.
        least: Minimum number of inputs, below which none are inverted.
        work: Maximum number of multiplications and additions.
    """

    steps: int
    inputs: int
    least: int
    work: float

    def affordable(self, graph: Graph, most: int) -> int:
        """Return the number of inputs, `most` at most, that can be inverted; 0 for too few."""
        each = self.cost(graph, 1)
        return affordable(self.work, each, least=self.least, most=min(self.inputs, most))

    def cost(self, graph: Graph, count: int) -> float:
        """Return the multiplications and additions of an inversion of `count` inputs."""
        return count * self.steps * (PASSES * multiplications(graph) + STEP / batch_of(graph))


@dataclass(frozen=True, slots=True)
class InputSearch:
    """How inputs are looked for.

    Attributes:
        effort: The budget.
        generator: Random generator of starts and classes.
        progress: Told what is done, how much of it, and how much in all.
    """

    effort: Effort
    generator: np.random.Generator
    progress: Progress = lambda *_: None


def invert(
    model: Model,
    inputs: Mapping[Tensor, FloatArray],
    sources: InputSources,
    search: InputSearch,
    pull: Pull = SOFT,
) -> dict[Tensor, FloatArray]:
    """Return inputs, within their ranges, that fit the recorded statistics of a model.

    Each step costs about three forward passes of every input. Moves 128 inputs at a time, or fewer
    where their tensors would take more than a gigabyte.

    Args:
        model: The model.
        inputs: Inputs to start from; integers and tokens are not moved, nor are columns of them.
        sources: The model's inputs, with the range of each.
        search: The budget, and the random generator of the classes.
        pull: What moves them. A hard pull asks each for the class it is nearest to.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    count = len(next(iter(inputs.values())))
    spans = {each: sources[each].ends for each in inputs if sources[each].numeric}
    size = batch_of(model.graph)
    parts = [
        {each: values[start : start + size] for each, values in inputs.items()}
        for start in range(0, count, size)
    ]
    targets = [_targets(model, part, search.generator, pull) for part in parts]
    step = _step(model, spans, sources, pull)
    batches = [_Batch(part, spans, wanted) for part, wanted in zip(parts, targets, strict=True)]
    steps = search.effort.steps
    for number in range(steps):
        rate = _RATE * (_pace(number, steps) if pull.slows else 1.0)
        for batch in batches:
            batch.move(step, _others(batch, batches) if pull.joint else [], rate, number)
        search.progress("finding inputs", number + 1, steps)
    found = [batch.found(spans, sources) for batch in batches]
    return {each: np.concatenate([batch[each] for batch in found]) for each in inputs}


def _targets(
    model: Model, batch: Mapping[Tensor, Any], generator: np.random.Generator, pull: Pull
) -> list[FloatArray]:
    if pull.joint:
        return leaning_targets(model, batch, generator)
    return drawn_targets(model.graph, len(next(iter(batch.values()))), generator)


def _pace(number: int, steps: int) -> float:
    """Return the rate of a step as a share of the first."""
    return (1 + cos(pi * number / steps)) / 2 + _SLOWEST


class _Batch:
    """Some inputs on their way."""

    def __init__(
        self,
        start: Mapping[Tensor, FloatArray],
        spans: Mapping[Tensor, Span],
        targets: list[FloatArray],
    ) -> None:
        self.start = start
        self.count = len(next(iter(start.values())))
        self.moments: list[Any] = []
        self._constant = [tf.constant(values) for values in start.values()]
        odds = [tf.constant(_odds(start[each], *span)) for each, span in spans.items()]
        self._state = odds, *([tf.zeros_like(each) for each in odds] for _ in range(2))
        self._targets = targets

    def move(self, step: Callable[..., Any], others: list[Any], rate: float, number: int) -> None:
        """Take a step of Adam in the log-odds of inputs within their ranges."""
        rates = tf.constant(rate, tf.float32), tf.constant(number + 1, tf.float32)
        self._state, self.moments = step(self._constant, self._state, self._targets, others, rates)

    def found(
        self, spans: Mapping[Tensor, Span], sources: InputSources
    ) -> dict[Tensor, FloatArray]:
        """Return the inputs, those that are looked up as they were: their log-odds round them."""
        moved = {}
        for (tensor, span), odds in zip(spans.items(), self._state[0], strict=True):
            values = np.asarray(_inside(odds, *span)).astype(tensor.dtype)
            fixed = sources[tensor].fixed
            kept = values if fixed is None else np.where(fixed, self.start[tensor], values)
            moved[tensor] = kept
        return {**self.start, **moved}


def _others(batch: _Batch, batches: Sequence[_Batch]) -> list[Any]:
    """Return the part of each mean and mean square that is due to other batches."""
    others = [each for each in batches if each is not batch and each.moments]
    whole = sum(each.count for each in others) + batch.count
    moments = len(others[0].moments) if others else 0
    share = tf.constant(batch.count / whole, tf.float32)
    return [
        share,
        *(sum(each.moments[at] * (each.count / whole) for each in others) for at in range(moments)),
    ]


def sound(sources: InputSources, inputs: Mapping[Tensor, Any]) -> dict[Tensor, Any]:
    """Return those of the inputs that were moved that pass the screen of the sources, if any.

    Where a model makes no numbers of an input, some processors go on with a zero and others with
    NaN, also in its gradient; an input that was moved there is left out.

    Raises:
        NoGradientError: Gradients moved most to where there are no numbers.
    """
    if sources.screen is None:
        return dict(inputs)
    numbers = np.all([_rows_of_numbers(*each) for each in inputs.items()], axis=0)
    if 2 * numbers.sum() < numbers.size:
        raise NoGradientError("they are not finite everywhere")
    return sources.screen.passed({each: values[numbers] for each, values in inputs.items()})


def _rows_of_numbers(tensor: Tensor, values: Any) -> Any:
    """Return which samples hold numbers only, shape (samples,)."""
    if not is_floating(tensor):
        return np.ones(len(values), bool)
    return np.isfinite(values).reshape(len(values), -1).all(axis=1)


def _odds(values: FloatArray, low: Bound, high: Bound) -> FloatArray:
    share = np.clip((values.astype(np.float32) - low) / (high - low), 0.02, 0.98)
    odds: FloatArray = np.log(share / (1 - share)) / 2
    return odds.astype(np.float32)


def _inside(odds: Any, low: Bound, high: Bound) -> Any:
    return low + (high - low) * tf.sigmoid(2 * odds)


def _step(
    model: Model, spans: Mapping[Tensor, Span], sources: InputSources, pull: Pull
) -> Callable[..., Any]:
    """Return the traced function of a step: a new state, and the moments of the batch."""

    def step(
        constant: list[Any], state: Any, targets: list[Any], others: list[Any], rates: Any
    ) -> Any:
        free = state[0]
        with tf.GradientTape() as tape:
            tape.watch(free)
            values = dict(zip(model.graph.inputs, constant, strict=True))
            for (tensor, span), odds in zip(spans.items(), free, strict=True):
                moved, fixed = tf.cast(_inside(odds, *span), tensor.dtype), sources[tensor].fixed
                whole = moved if fixed is None else tf.where(fixed, values[tensor], moved)
                values[tensor] = whole
            loss, moments = objective(model, values, targets, others, pull)
            loss += pull.roughness * roughness(sources, values, spans)
        gradients = gradients_of(tape, loss, free)
        return adam_step(state[0], state[1], state[2], gradients, rates), moments

    return tf.function(step, autograph=False, reduce_retracing=True)  # type: ignore[no-any-return]  # untyped
