"""Distillation: after the cut, all kernels are trained together towards the original's outputs.

Reconstruction fits one layer after the other to its original results; the errors of the fits add up
at the outputs, where no layer alone can correct them. So the pruned model reads mixtures of the
inputs of the reconstruction, and its weights follow the gradient of the squared difference between
its outputs and the original's, before their activation (Hinton et al. 2015, arXiv 1503.02531, at
the limit of a high temperature). It uses no labels, and no data that reconstruction has not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
from pytest_paoding.engine.synthesis.descent import Adam, NoGradientError, gradients_of
from pytest_paoding.engine.synthesis.work import (
    PASSES,
    STEP,
    affordable,
    batch_of,
)
from pytest_paoding.errors import cause_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_paoding.engine.graph.trace import Graph
    from pytest_paoding.engine.graph.types import WeightKey
    from pytest_paoding.engine.pruning.gradients.lessons import Lesson
    from pytest_paoding.records.protocol import Progress

_PROBES = 4  # batches that judge the outcome
_POOL = 16_384  # most mixtures: each is shown several times
_LEAST_SHOWN = 8  # batches of them at least
_RATE = 0.02  # highest step, in units of the typical size of a weight
_SLOWER = 0.4  # share of the rate that is tried next where the distance rose
_TRIES = 4  # rates that are tried
_ROSE = 1.1  # so many times the distance at the start is a rise
_HARMLESS = 0.02  # distance, in the variance of the outputs, that a descent finds back from
_WARM = 0.1  # share of the steps in which the rate rises; then it falls as a cosine does
_LOOKS = 16  # times that the probes are looked at, at most
_TOGETHER = 4  # steps in one run of a graph: to make a longer one takes as long as they do
_FEWEST_RUNS = 8  # between two looks: a look takes as long as some steps


@dataclass(frozen=True, slots=True)
class Course:
    """The budget of a distillation.

    Attributes:
        steps: Maximum number of steps.
        least: Minimum number of steps, below which none are taken.
        work: Maximum number of multiplications and additions.
    """

    steps: int
    least: int
    work: float

    def split(self, share: float) -> tuple[Course, Course]:
        """Return two courses that cost as much together, the first one a share of it."""
        first, rest = (
            replace(self, steps=round(part * self.steps), work=part * self.work)
            for part in (share, 1 - share)
        )
        return first, rest

    def affordable(self, original: Graph, pruned: Graph, known: int = 0) -> tuple[int, int]:
        """Return the numbers of steps and of mixtures that can be afforded; 0 for too few.

        Half of the budget at most goes into the original's answers. Steps are whole runs of one
        graph: to make another one for the rest would take longer than they do.

        Args:
            original: The graph that answers.
            pruned: The graph that learns.
            known: Number of answers that are there already.
        """
        batch = batch_of(pruned)
        answer = max(1, multiplications(original))
        step = PASSES * multiplications(pruned) * batch + STEP
        shown = min(_POOL, self.steps * batch, known + int(self.work / 2 / answer))
        left = self.work - max(0, shown - known) * answer
        steps = affordable(left, step, least=self.least, most=self.steps)
        steps -= steps % _TOGETHER
        enough = batch * min(self.steps, _LEAST_SHOWN)
        return (steps, shown) if shown >= enough else (0, 0)


def distil(
    pruned: Any,
    lesson: Lesson,
    course: Course,
    progress: Progress = lambda *_: None,
) -> str | None:
    """Move the weights of a pruned model towards the outputs of the original.

    Kernels and biases move, those of recurrent layers, attention and embeddings too, from the first
    layer that was cut. The original answers up to 16,384 mixtures once; each step costs about three
    forward passes of the pruned model on 128 of them, or on fewer where their tensors would take
    more than a gigabyte. Probes that no step sees are looked at on the way: where the outputs move
    away from the original's the descent begins again, more slowly, and the nearest weights win.

    Args:
        pruned: The pruned model; its weights are changed.
        lesson: What it is taught.
        course: The budget.
        progress: Told what is done, how much of it, and how much in all.

    Returns:
        Note for the user if the weights were left as they were; None otherwise.
    """
    graph = lesson.original.graph
    student = Model(read_graph(pruned, [tensor.shape for tensor in graph.inputs]), WorkingWeights())
    steps, count = course.affordable(graph, student.graph, lesson.known)
    keys = weights_to_move(graph, student.graph)
    if not steps or not keys:
        return None
    start = [tf.constant(student.weights[key], tf.float32) for key in keys]
    try:
        batch = batch_of(student.graph)
        shown = lesson.shown(_PROBES * batch + max(batch, min(count, lesson.room)))
        probes = [[each[at : at + batch] for each in shown] for at in _starts(batch)]
        rest = [each[_PROBES * batch :] for each in shown]
        distance = _distance(student, keys, lesson.spread())
        descent = _Distillation(distance, rest, batch, steps, lesson.generator, probes, progress)
        before, after, moved = descent.nearest(start)
    except NoGradientError as error:
        return f"the pruned model was not distilled: {error}"
    except tf.errors.OpError as error:  # some operations run untraced only
        return f"the pruned model was not distilled: {cause_of(error)}"
    if not after < before:  # also if it is NaN
        return "distillation was taken back: it brought the outputs no nearer to the original's"
    for (layer, index), values in zip(keys, moved, strict=True):
        layer.weights[index].assign(tf.cast(values, layer.weights[index].dtype))
    return None


def _starts(batch: int) -> range:
    """Return where each batch of probes begins: they are the first."""
    return range(0, _PROBES * batch, batch)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Distillation:
    """A descent on mixtures.

    Attributes:
        distance: Returns the distance of the outputs and its gradients.
        shown: The mixtures, and the answers to them.
        batch: Number of them in a step.
        steps: Number of steps.
        generator: Chooses those of a step.
        probes: What the outcome is judged on.
        progress: Told how far it is.
    """

    distance: Callable[..., Any]
    shown: Sequence[Any]
    batch: int
    steps: int
    generator: np.random.Generator
    probes: Sequence[Sequence[Any]]
    progress: Progress

    def nearest(self, start: Sequence[Any]) -> tuple[float, float, list[Any]]:
        """Return the distance at the start, the least one on the way, and its weights.

        A rate at which the outputs move away is lowered, until they do not.
        """
        sizes = [float(tf.sqrt(tf.reduce_mean(each**2))) for each in start if each.ndim > 1]
        before, rate = self._probed(start), _RATE * float(np.median(sizes))
        best, found = before, list(start)
        for tries_left in reversed(range(_TRIES)):
            best, found, rose = self._tried(start, rate, (before, best, found), tries_left)
            if not rose:
                break
            rate *= _SLOWER
        return before, best, found

    def _tried(
        self, start: Sequence[Any], rate: float, best: tuple[float, float, list[Any]], left: int
    ) -> tuple[float, list[Any], bool]:
        before, least, found = best
        adam, done = Adam(start, self._gradients), 0
        while done < self.steps:
            done += self._stride(adam, rate, done)
            self.progress("distilling", done, self.steps)
            now = self._probed(adam.values)
            if now < least:
                least, found = now, adam.values
            if left and not now < max(_ROSE * before, _HARMLESS):
                return least, found, True
        return least, found, False

    def _gradients(self, values: list[Any], shown: list[Any]) -> list[Any]:
        _, gradients = self.distance(values, shown)
        return list(gradients)

    def _stride(self, adam: Adam, rate: float, done: int) -> int:
        """Take the steps up to the next look at the probes; return how many that were."""
        runs = max(_FEWEST_RUNS, self.steps // (_LOOKS * _TOGETHER))
        numbers = range(done, min(done + runs * _TOGETHER, self.steps))
        for first in numbers[::_TOGETHER]:
            chosen = self.generator.integers(0, len(self.shown[-1]), (_TOGETHER, self.batch))
            paces = [_pace(first + each, self.steps) for each in range(_TOGETHER)]
            adam.stride([each[chosen] for each in self.shown], [rate * pace for pace in paces])
        return len(numbers)

    def _probed(self, values: Sequence[Any]) -> float:
        return float(np.mean([float(self.distance(values, each)[0]) for each in self.probes]))


def _pace(number: int, steps: int) -> float:
    """Return the rate of a step as a share of the highest."""
    warm = max(1.0, _WARM * steps)
    if number < warm:
        return (number + 1) / (warm + 1)
    return (1 + cos(pi * (number - warm) / (steps - warm))) / 2


def _distance(student: Model, keys: Sequence[WeightKey], spread: float) -> Callable[..., Any]:
    """Return the traced function of the distance from answers, and its gradients.

    As in allocation, the distance is the squared change of the outputs before their activation, in
    units of their variance over the inputs.
    """

    def step(values: list[Any], shown: list[Any]) -> Any:
        *inputs, wanted = shown
        with tf.GradientTape() as tape:
            tape.watch(values)
            student.moved = {
                key: tf.cast(each, student.weights[key].dtype)
                for key, each in zip(keys, values, strict=True)
            }
            found = _outputs(student, inputs)
            change = tf.reduce_sum(tf.square(found - wanted), axis=1)
            loss = tf.reduce_mean(change) / spread
        return loss, gradients_of(tape, loss, values)

    return tf.function(step, autograph=False, reduce_retracing=True)  # type: ignore[no-any-return]  # untyped


def _outputs(model: Model, batch: Sequence[Any]) -> Any:
    values = dict(zip(model.graph.inputs, batch, strict=True))
    return tf.cast(Wave(model, [values]).outputs(), tf.float32)
