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

from pytest_paoding.engine.evaluation.attacks.legal_range import kept, unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import BoolArray, IntArray
    from pytest_paoding.engine.ports import Port


@dataclass(frozen=True, slots=True)
class Target:
    """A model and the samples it is attacked at.

    Attributes:
        predictor: The model, or a file that is shown examples made on one.
        inputs: One tensor for each of its inputs, within its range.
        truths: What is true of each judged output, an array with the samples first; empty where
            there are no labels.
        generator: The only source of randomness.
    """

    predictor: Any
    inputs: list[Any]
    truths: tuple[Any, ...]
    generator: np.random.Generator

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.inputs[0])

    @property
    def decides(self) -> bool:
        """Whether samples are right or wrong, so that some can be fooled."""
        return any(task.decides for task in self.predictor.tasks)

    def worst(self, *candidates: Sequence[Any]) -> list[Any]:
        """Return, for each sample, the inputs at which the model's loss is highest.

        Args:
            candidates: Arrays or tensors, one for each input; of equals the first counts.
        """
        losses = [self.predictor.losses(each, self.truths) for each in candidates]
        table = np.stack(losses)
        chosen = np.where(np.isnan(table), np.inf, table).argmax(axis=0)
        rows = np.arange(self.size)
        return [
            tf.convert_to_tensor(np.stack([np.asarray(each) for each in parts])[chosen, rows])
            for parts in zip(*candidates, strict=True)
        ]

    def right(self, inputs: Sequence[Any]) -> BoolArray:
        """Return whether the model is right on other inputs for the samples, shape (samples,)."""
        return self.right_by(self.predictor.forms(inputs))

    def right_by(self, forms: Sequence[Any]) -> BoolArray:
        """Return whether forms of the outputs are right wherever that can be, shape (samples,)."""
        found = np.ones(self.size, bool)
        for task, form, truth in zip(self.predictor.tasks, forms, self.truths, strict=True):
            right = task.right(task.answers(form), truth)
            found &= True if right is None else right
        return found

    def only(self, rows: IntArray) -> Target:
        """Return the target with only some of the samples."""
        inputs = [tf.gather(each, rows) for each in self.inputs]
        truths = tuple(each[rows] for each in self.truths)
        return Target(self.predictor, inputs, truths, self.generator)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of an attack on one model.

    Attributes:
        forms: The form of each judged output, without an attack.
        examples: A tensor for each input, for each epsilon, at most that far away in every value;
            read once.
        flat: Number of samples at which the gradient is zero, so that nothing was tried.
        distances: Least distance at which the model was fooled, for each sample, infinite where it
            never was; None for attacks that do not look for it.
    """

    forms: Sequence[Any]
    examples: Iterable[Sequence[Any]]
    flat: int = 0
    distances: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack(ABC):
    """An attack on the answers of a model, bounded in the largest change of any value.

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

    def unsuited(self, tasks: Sequence[OutputTask]) -> str | None:
        """Return why models of some tasks are not attacked, if so."""
        return unsuited(tasks, of_classes=False)

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


def unsuited(tasks: Sequence[OutputTask], *, of_classes: bool) -> str | None:
    """Return why models of some tasks are not attacked, if so.

    Args:
        tasks: The tasks of the judged outputs.
        of_classes: Whether the attack looks for another class, and is for classifiers only.
    """
    unknown = next((task for task in tasks if task.name == "any"), None)
    if unknown is not None:
        name = unknown.port.name
        return f"output {name!r} is judged as any: what is a loss of it is not known"
    other = next((task for task in tasks if task.name not in {"classes", "binary"}), None)
    if of_classes and other is not None:
        return f"output {other.port.name!r} is judged as {other.name}: attack it by fgsm or pgd"
    return None


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
            changed = np.asarray(kept(values, changed, interval))
        near.append(changed.astype(values.dtype, copy=False))
    return near
