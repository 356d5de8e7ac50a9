"""Attacks: given a model and samples, they return changed inputs for each epsilon.

Whether they fool the model is for `observe` to find out, so that every attack is counted in the
same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.legal_range import unfit
from pytest_paoding.engine.evaluation.predict import top_classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.execution.signature import Port
    from pytest_paoding.engine.graph.types import BoolArray, IntArray


@dataclass(frozen=True, slots=True)
class Target:
    """A model and the samples it is attacked at.

    Attributes:
        predictor: The model, or a file that is shown examples made on one.
        inputs: One tensor for each of its inputs, within its range.
        labels: True classes for each judged output, shape (outputs, samples).
        generator: The only source of randomness.
    """

    predictor: Any
    inputs: list[Any]
    labels: IntArray
    generator: np.random.Generator

    def right(self, inputs: Sequence[Any]) -> BoolArray:
        """Return whether the model is right on other inputs for the samples, shape (samples,)."""
        classes = top_classes(self.predictor.logits(inputs))
        return (classes == self.labels).all(axis=0)  # type: ignore[no-any-return]  # NumPy's Any

    def only(self, rows: IntArray) -> Target:
        """Return the target with only some of the samples."""
        inputs = [tf.gather(each, rows) for each in self.inputs]
        return Target(self.predictor, inputs, self.labels[:, rows], self.generator)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of an attack on one model.

    Attributes:
        logits: Logits of each judged output, without an attack.
        examples: A tensor for each input, for each epsilon, at most that far away in every value;
            read once.
        flat: Number of samples at which the gradient is zero, so that nothing was tried.
        distances: Least distance at which the model was fooled, for each sample, infinite where it
            never was; None for attacks that do not look for it.
    """

    logits: Sequence[Any]
    examples: Iterable[Sequence[Any]]
    flat: int = 0
    distances: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack(ABC):
    """An attack on the classes of a model, bounded in the largest change of any value.

    Attributes:
        epsilons: Bounds, in the inputs' own unit.
        inputs: The model's inputs; those that are not floating-point are left as they are.
        ranges: Low and high of each input; None for those that are left as they are.
        samples: How many samples are attacked, the first ones; None for all.
        seed: Seed of the attack.
        recipe: What reports call it.
    """

    epsilons: tuple[float, ...]
    inputs: tuple[Port, ...]
    ranges: tuple[Interval | None, ...]
    samples: int | None = None
    seed: int = 0
    recipe: str = "fgsm"

    def refusal(self, batch: Batch) -> str | None:
        """Return why a batch cannot be attacked, if so."""
        return unfit(batch, self.inputs, self.ranges, finite=False)

    def due(self, done: int, size: int) -> int:
        """Return how many samples of a batch of `size` are attacked, after `done` samples."""
        return size if self.samples is None else max(0, min(size, self.samples - done))

    @abstractmethod
    def attempt(self, target: Target) -> Attempt:
        """Return the outcome on a target.

        Raises:
            EvaluationError: The model cannot be run.
        """


def within(
    inputs: Sequence[Any], found: Sequence[Any], epsilon: float, ranges: Sequence[Interval | None]
) -> list[Any]:
    """Project examples onto what is legal and within epsilon of the inputs; return arrays."""
    near = []
    for each, other, interval in zip(inputs, found, ranges, strict=True):
        values, changed = np.asarray(each), np.asarray(other)
        if interval is not None:
            step = values.dtype.type(epsilon)
            changed = np.clip(np.clip(changed, values - step, values + step), *interval)
        near.append(changed.astype(values.dtype, copy=False))
    return near
