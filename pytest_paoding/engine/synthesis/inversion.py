"""Inversion: synthetic inputs moved, by gradients, towards a model's training data.

Without any data, two things are known of them: the statistics that normalisations recorded, and
that each input was meant to be classified. Synthetic inputs are moved for a few steps, until a
batch has those statistics and each input is clearly of a class drawn at random (DeepInversion, Yin
et al. 2020, arXiv 1912.08795).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.normalisation import norm_axis, recorded
from pytest_paoding.engine.execution.tensors import is_floating
from pytest_paoding.engine.execution.wave import Wave
from pytest_paoding.engine.graph.norms import is_norm
from pytest_paoding.engine.synthesis.class_targets import (
    classifying,
    cross_entropy,
    drawn_targets,
)
from pytest_paoding.engine.synthesis.descent import Adam, NoGradientError, gradients_of
from pytest_paoding.engine.synthesis.work import (
    PASSES,
    affordable,
    batch_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_paoding.engine.execution.wave import Model
    from pytest_paoding.engine.graph.trace import Call, Graph, Tensor
    from pytest_paoding.engine.graph.types import FloatArray
    from pytest_paoding.engine.inputs.input_sources import InputSources
    from pytest_paoding.records.protocol import Progress

    Bound: TypeAlias = "float | FloatArray"
    Span: TypeAlias = "tuple[Bound, Bound]"

_RATE = 0.05  # size of a step, in half the log-odds of an input in its range
_ROUGHNESS = 0.5  # weight of the total variation of images
_STATISTICS = 2.0  # weight of the recorded statistics


@dataclass(frozen=True, slots=True)
class Effort:
    """The budget of an inversion.

    Attributes:
        steps: Steps of each input.
        inputs: Maximum number of inputs.
        least: Minimum number of inputs, below which none are inverted.
        work: Maximum number of multiplications and additions.
        mixed: Whether every model also gets as many drawn inputs, to run the calibrated twin.
    """

    steps: int
    inputs: int
    least: int
    work: float
    mixed: bool = False

    def affordable(self, graph: Graph, most: int) -> int:
        """Return the number of inputs, `most` at most, that can be inverted; 0 for too few."""
        each = PASSES * self.steps * multiplications(graph)
        return affordable(self.work, each, least=self.least, most=min(self.inputs, most))


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
) -> dict[Tensor, FloatArray]:
    """Return inputs, within their ranges, that fit the recorded statistics of a model.

    Each step costs about three forward passes of every input. Moves 128 inputs at a time, or fewer
    where their tensors would take more than a gigabyte.

    Args:
        model: The model.
        inputs: Inputs to start from; integers and tokens are not moved, nor are columns of them.
        sources: The model's inputs, with the range of each.
        search: The budget, and the random generator of the classes.

    Raises:
        NoGradientError: An operation of the model has no gradient.
    """
    count = len(next(iter(inputs.values())))
    spans = {each: sources[each].ends for each in inputs if sources[each].numeric}
    step = _step(model, spans, sources)
    found: list[dict[Tensor, FloatArray]] = []
    size = batch_of(model.graph)  # one set of statistics for all of it
    for start in range(0, count, size):
        batch = {each: values[start : start + size] for each, values in inputs.items()}
        targets = drawn_targets(model.graph, min(size, count - start), search.generator)
        moved = _moved(step, batch, spans, targets, search.effort.steps)
        found.append(batch | {each: _kept(sources, each, batch, moved) for each in moved})
        search.progress("finding inputs", min(start + size, count), count)
    return {each: np.concatenate([batch[each] for batch in found]) for each in inputs}


def sound(sources: InputSources, inputs: Mapping[Tensor, Any]) -> dict[Tensor, Any]:
    """Return those of the inputs that were moved that pass the screen of the sources, if any.

    Raises:
        NoGradientError: Gradients moved some to where there are no numbers.
    """
    if sources.screen is None:
        return dict(inputs)
    lost = (is_floating(each) and not np.isfinite(values).all() for each, values in inputs.items())
    if any(lost):
        raise NoGradientError("they are not finite everywhere")
    return sources.screen.passed(inputs)


def _moved(
    step: Callable[..., Any],
    batch: Mapping[Tensor, FloatArray],
    spans: Mapping[Tensor, Span],
    targets: list[FloatArray],
    steps: int,
) -> dict[Tensor, FloatArray]:
    """Take steps of Adam in the log-odds of inputs within their ranges."""
    constant = [tf.constant(values) for values in batch.values()]
    adam = Adam([tf.constant(_odds(batch[each], *span)) for each, span in spans.items()])
    for _ in range(steps):
        adam.step(step(constant, adam.values, targets), _RATE)
    return {
        each: np.asarray(_inside(values, *spans[each])).astype(each.dtype)
        for each, values in zip(spans, adam.values, strict=True)
    }


def _kept(
    sources: InputSources,
    tensor: Tensor,
    batch: Mapping[Tensor, FloatArray],
    moved: Mapping[Tensor, FloatArray],
) -> FloatArray:
    """Return moved values, those that are looked up as they were: their log-odds round them."""
    fixed = sources[tensor].fixed
    return moved[tensor] if fixed is None else np.where(fixed, batch[tensor], moved[tensor])


def _odds(values: FloatArray, low: Bound, high: Bound) -> FloatArray:
    share = np.clip((values.astype(np.float32) - low) / (high - low), 0.02, 0.98)
    odds: FloatArray = np.log(share / (1 - share)) / 2
    return odds.astype(np.float32)


def _inside(odds: Any, low: Bound, high: Bound) -> Any:
    return low + (high - low) * tf.sigmoid(2 * odds)


def _step(model: Model, spans: Mapping[Tensor, Span], sources: InputSources) -> Callable[..., Any]:
    """Return the traced function of the gradients of the objective."""

    def gradients(constant: list[Any], free: list[Any], targets: list[Any]) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(free)
            values = dict(zip(model.graph.inputs, constant, strict=True))
            for (tensor, span), odds in zip(spans.items(), free, strict=True):
                moved, fixed = tf.cast(_inside(odds, *span), tensor.dtype), sources[tensor].fixed
                whole = moved if fixed is None else tf.where(fixed, values[tensor], moved)
                values[tensor] = whole
            loss = _objective(model, values, targets) + _roughness(sources, values, spans)
        return gradients_of(tape, loss, free)

    return tf.function(gradients, autograph=False, reduce_retracing=True)  # type: ignore[no-any-return]  # untyped


def _objective(model: Model, values: Mapping[Tensor, Any], targets: list[Any]) -> Any:
    """Return the distance of a batch from the recorded statistics and from its classes."""
    wave = Wave(model, [values])
    norms: list[Any] = []
    classes: list[Any] = []
    heads = dict(zip(classifying(model.graph), targets, strict=True))
    for call in model.graph.calls:
        if is_norm(call):
            norms.append(_distance(call, wave.values[call.inputs[0]][0]))
        logits = wave.final(call)[0] if call in heads else None
        wave.advance()
        if call in heads:
            classes.append(cross_entropy(call, logits, heads[call]))
    statistics = _STATISTICS * tf.add_n(norms) / len(norms) if norms else 0.0
    return statistics + sum(classes)


def _distance(norm: Call, values: Any) -> Any:
    """Return the squared distance of a batch's mean and deviation from the recorded ones."""
    channel = norm_axis(norm.operation) % len(values.shape)
    others = [each for each in range(len(values.shape)) if each != channel]
    mean, deviation = (each.astype(np.float32) for each in recorded(norm.operation))
    present, variance = tf.nn.moments(tf.cast(values, tf.float32), others)
    spread = tf.sqrt(variance + 1e-6)
    scale = deviation + 1e-3
    distance = tf.square((present - mean) / scale) + tf.square((spread - deviation) / scale)
    return tf.reduce_mean(distance)


def _roughness(
    sources: InputSources, values: Mapping[Tensor, Any], spans: Mapping[Tensor, Span]
) -> Any:
    """Return the total variation of images, as a share of their range."""
    total: Any = 0.0
    for tensor, (low, high) in spans.items():
        if sources[tensor].kind == "picture":
            image = tf.cast(values[tensor], tf.float32) / (high - low)
            image = sources[tensor].layout.drawn(image)
            for axis in (1, 2):
                length = image.shape[axis]
                ahead = tf.gather(image, range(1, length), axis=axis)
                total += tf.reduce_mean(
                    tf.abs(ahead - tf.gather(image, range(length - 1), axis=axis))
                )
    return _ROUGHNESS * total
