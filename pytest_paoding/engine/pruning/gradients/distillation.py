"""Distillation: after the cut, all kernels are trained together towards the original's outputs.

Reconstruction fits one layer after the other to its original results; the errors of the fits add up
at the outputs, where no layer alone can correct them. So the pruned model reads mixtures of the
inputs of the reconstruction, and its weights follow the gradient of the squared difference between
its outputs and the original's, before their activation (Hinton et al. 2015, arXiv 1503.02531, at
the limit of a high temperature). It uses no labels, and no data that reconstruction has not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, repeat
from math import cos, pi
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.execution.linear import is_linear
from pytest_paoding.engine.execution.multiplications import multiplications
from pytest_paoding.engine.execution.sequence_kernels import has_kernels
from pytest_paoding.engine.execution.wave import Model, Wave
from pytest_paoding.engine.execution.working import WorkingWeights
from pytest_paoding.engine.graph.functional import read_graph
from pytest_paoding.engine.inputs.inputs import most_inputs
from pytest_paoding.engine.pruning.gradients.mixtures import Mixtures
from pytest_paoding.engine.synthesis.descent import Adam, NoGradientError, gradients_of
from pytest_paoding.engine.synthesis.work import (
    PASSES,
    affordable,
    batch_of,
)
from pytest_paoding.errors import cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_paoding.engine.graph.trace import Graph, Tensor
    from pytest_paoding.engine.graph.types import WeightKey
    from pytest_paoding.engine.pruning.task import Task

_PROBES = 4  # batches that judge the outcome
_SPREAD = 512  # inputs for the variance of the outputs
_RATE = 0.02  # highest step, in units of the typical size of a weight
_WARM = 0.1  # share of the steps in which the rate rises; then it falls as a cosine does
_REPORT = 25  # steps between reports of progress


@dataclass(frozen=True, slots=True)
class Course:
    """The budget of a distillation.

    Attributes:
        steps: Maximum number of steps.
        least: Minimum number of steps, below which none are taken.
        work: Maximum number of multiplications and additions.
        synthetic: Whether to distil on inputs that are merely drawn, too.
    """

    steps: int
    least: int
    work: float
    synthetic: bool = False

    def affordable(self, original: Graph, pruned: Graph) -> int:
        """Return the number of steps that can be afforded; 0 for too few."""
        each = multiplications(original) + PASSES * multiplications(pruned)
        step = batch_of(pruned) * each
        return affordable(self.work, step, least=self.least, most=self.steps)


def distil(
    pruned: Any,
    task: Task,
    inputs: Mapping[Tensor, Any],
    course: Course,
    generator: np.random.Generator,
) -> str | None:
    """Move the weights of a pruned model towards the outputs of the original.

    Kernels and biases move, those of recurrent layers, attention and embeddings too, from the first
    layer that was cut. Each step costs a forward pass of the original and about three of the pruned
    model on 128 mixtures, or on fewer where their tensors would take more than a gigabyte.

    Args:
        pruned: The pruned model; its weights are changed.
        task: The task that was solved.
        inputs: Values of every input of the original.
        course: The budget.
        generator: Random generator of the mixtures.

    Returns:
        Note for the user if the weights were left as they were; None otherwise.
    """
    teacher = Model(task.structure.graph, WorkingWeights())
    shapes = [tensor.shape for tensor in teacher.graph.inputs]
    student = Model(read_graph(pruned, shapes), WorkingWeights())
    steps = course.affordable(teacher.graph, student.graph)
    keys = weights_to_move(teacher.graph, student.graph)
    if not steps or not keys:
        return None
    found = task.options.calibration is None
    mixtures = Mixtures(task.sources, inputs, generator, shifted=found)
    batches = (mixtures.draw(size) for size in repeat(batch_of(student.graph)))
    probes = list(islice(batches, _PROBES))
    distance = _distance(teacher, student, keys, _some(inputs, task))
    start = [tf.constant(student.weights[key], tf.float32) for key in keys]
    try:
        moved = _descended(start, distance, islice(batches, steps), steps, task)
    except NoGradientError as error:
        return f"the pruned model was not distilled: {error}"
    except tf.errors.OpError as error:  # some operations run untraced only
        return f"the pruned model was not distilled: {cause_of(error)}"
    before, after = (_mean(distance, values, probes) for values in (start, moved))
    if not after < before:  # also if it is NaN
        return "distillation was taken back: it brought the outputs no nearer to the original's"
    for (layer, index), values in zip(keys, moved, strict=True):
        layer.weights[index].assign(tf.cast(values, layer.weights[index].dtype))
    return None


def weights_to_move(original: Graph, pruned: Graph) -> list[WeightKey]:
    """Return all kernels and biases, embeddings too, from the first layer that was cut."""
    found: dict[Any, None] = {}
    for old, new in zip(_trained(original), _trained(pruned), strict=True):
        cut = [each.shape for each in old.weights] != [each.shape for each in new.weights]
        if cut or found:
            found[new] = None
    return [(layer, index) for layer in found for index in range(len(layer.weights))]


def _trained(graph: Graph) -> list[Any]:
    """Return the layers whose weights are kernels and biases."""
    operations = (call.operation for call in graph.calls)
    return [each for each in operations if is_linear(each) or has_kernels(each)]


def _descended(
    start: Sequence[Any],
    distance: Callable[..., Any],
    batches: Iterable[Sequence[Any]],
    steps: int,
    task: Task,
) -> list[Any]:
    """Return the weights after one step of Adam on each batch."""
    size = np.median([float(tf.sqrt(tf.reduce_mean(each**2))) for each in start if each.ndim > 1])
    adam = Adam(start)
    for number, batch in enumerate(batches):
        _, gradients = distance(adam.values, batch)
        adam.step(gradients, _RATE * float(size) * _pace(number, steps))
        if (number + 1) % _REPORT == 0 or number + 1 == steps:
            task.progress("distilling", number + 1, steps)
    return adam.values


def _pace(number: int, steps: int) -> float:
    """Return the rate of a step as a share of the highest."""
    warm = max(1.0, _WARM * steps)
    if number < warm:
        return (number + 1) / (warm + 1)
    return (1 + cos(pi * (number - warm) / (steps - warm))) / 2


def _mean(
    distance: Callable[..., Any], values: Sequence[Any], probes: Sequence[Sequence[Any]]
) -> float:
    return float(np.mean([float(distance(values, probe)[0]) for probe in probes]))


def _some(inputs: Mapping[Tensor, Any], task: Task) -> dict[Tensor, Any]:
    """Return as many inputs as are needed for the variance of the outputs."""
    count = min(_SPREAD, most_inputs(task.sources))
    return {tensor: values[:count] for tensor, values in inputs.items()}


def _distance(
    teacher: Model, student: Model, keys: Sequence[WeightKey], inputs: Mapping[Tensor, Any]
) -> Callable[..., Any]:
    """Return the traced function of the distance of the outputs and its gradients.

    As in allocation, the distance is the squared change of the outputs before their activation, in
    units of their variance over the inputs.
    """
    spread = float(np.var(Wave(teacher, [inputs]).finish(), axis=0).sum()) + 1e-9

    def step(values: list[Any], batch: list[Any]) -> Any:
        wanted = _outputs(teacher, batch)
        with tf.GradientTape() as tape:
            tape.watch(values)
            student.moved = {
                key: tf.cast(each, student.weights[key].dtype)
                for key, each in zip(keys, values, strict=True)
            }
            found = _outputs(student, batch)
            change = tf.reduce_sum(tf.square(found - wanted), axis=1)
            loss = tf.reduce_mean(change) / spread
        return loss, gradients_of(tape, loss, values)

    return tf.function(step, autograph=False, reduce_retracing=True)  # type: ignore[no-any-return]  # untyped


def _outputs(model: Model, batch: Sequence[Any]) -> Any:
    values = dict(zip(model.graph.inputs, batch, strict=True))
    return tf.cast(Wave(model, [values]).outputs(), tf.float32)
