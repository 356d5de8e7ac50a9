"""Attacks that search: each search is tried on the samples that those before it left standing.

The worst case over several attacks is taken sample by sample, as in AutoAttack (Croce and Hein,
2020), and what fools a model within one epsilon does so within every larger one. So a stronger
attack is never weaker than the one it begins with, at any sample.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.attacks.attack import Attack, Attempt, unsuited, within
from pytest_paoding.engine.evaluation.attacks.box import UnitBox
from pytest_paoding.engine.evaluation.attacks.gradient_sign import FastGradientSign
from pytest_paoding.engine.evaluation.attacks.legal_range import unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_paoding.engine.evaluation.attacks.attack import Target
    from pytest_paoding.engine.evaluation.attacks.legal_range import Interval
    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.evaluation.tasks.output_task import OutputTask
    from pytest_paoding.engine.graph.types import BoolArray, IntArray


class Search(Protocol):
    """A way to look for adversarial inputs of the samples in a box."""

    @property
    def differentiates(self) -> bool:
        """Whether it needs gradients."""

    @property
    def nearest(self) -> bool:
        """Whether it looks for the least distance, whatever epsilon it is given."""

    def __call__(self, box: UnitBox, epsilon: float) -> Any:
        """Return values in the box, of its shape; `epsilon` is in the box's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade(Attack):
    """Several searches, one after the other.

    Attributes:
        searches: What is tried, the cheapest first; FGSM goes before them if all that is known of
            a model is not only its answers.
    """

    searches: tuple[Search, ...]

    def unsuited(self, tasks: Sequence[OutputTask]) -> str | None:
        """Return why models of some tasks are not attacked, if so."""
        plain = all(each.differentiates and not each.nearest for each in self.searches)
        return unsuited(tasks, of_classes=not plain)

    def refusal(self, batch: Batch) -> str | None:
        """Return why a batch cannot be attacked, if so."""
        return unfit(batch, self.inputs, self.ranges, finite=True)

    def attempt(self, target: Target) -> Attempt:
        """Return the outcome on a target."""
        begun = self._begin(target)
        if not target.decides:
            return replace(begun, examples=self._raised(target, begun.examples))
        started = [[each.numpy() for each in found] for found in begun.examples]
        right = target.right_by(begun.forms)
        runs = [_Run(search, target, self.ranges) for search in self.searches]
        reported = self.searches[0].nearest
        if reported:
            runs[0].complete(np.flatnonzero(right))
        fooling = _Fooling(target, right)
        examples: dict[int, list[Any]] = {}
        for index in np.argsort(self.epsilons).tolist():
            epsilon = self.epsilons[index]
            fooling.begin(started[index], epsilon)
            for run in runs:
                if (rows := fooling.standing).size:
                    fooling.pursue(rows, run.within(rows, epsilon), epsilon)
            examples[index] = [tf.convert_to_tensor(each) for each in fooling.found]
        distances = np.minimum(fooling.reached, runs[0].distances()) if reported else None
        in_order = [examples[index] for index in range(len(examples))]
        return Attempt(begun.forms, in_order, begun.flat, distances)

    def _raised(self, target: Target, started: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
        """Yield inputs of the highest losses for each epsilon; `started` are those of FGSM."""
        every = np.arange(target.size)
        runs = [_Run(search, target, self.ranges) for search in self.searches]
        for found, epsilon in zip(started, self.epsilons, strict=True):
            others = [run.within(every, epsilon) for run in runs]
            yield target.worst(found, *others)

    def _begin(self, target: Target) -> Attempt:
        """Return the outcome of FGSM, or the samples themselves where no search needs gradients."""
        if not any(search.differentiates for search in self.searches):
            forms = target.predictor.forms(target.inputs)
            return Attempt(forms, [target.inputs for _ in self.epsilons])
        first = FastGradientSign(epsilons=self.epsilons, inputs=self.inputs, ranges=self.ranges)
        begun = first.attempt(target)
        rests_on_it = all(search.differentiates for search in self.searches)
        return begun if rests_on_it else replace(begun, flat=0)


class _Fooling:
    """The samples that have been fooled so far, while epsilon grows.

    Attributes:
        reached: The least epsilon at which a sample was fooled; 0 for those that are wrong anyway,
            infinite for those that stand.
        found: The best inputs at the present epsilon, an array for each input.
    """

    def __init__(self, target: Target, right: BoolArray) -> None:
        self._target = target
        self.reached = np.where(right, np.inf, 0.0)
        self.found: list[Any] = [each.numpy() for each in target.inputs]

    @property
    def standing(self) -> IntArray:
        """Numbers of the samples that nothing has fooled."""
        return np.flatnonzero(np.isinf(self.reached))

    def begin(self, started: Sequence[Any], epsilon: float) -> None:
        """Begin the next epsilon from inputs."""
        fooled = np.isfinite(self.reached) & (self.reached > 0)
        self.found = _merged(started, self.found, fooled)
        self._record(self.found, epsilon)

    def pursue(self, rows: IntArray, found: Sequence[Any], epsilon: float) -> None:
        """Keep the examples of some samples that fool the model."""
        tried = [each.copy() for each in self.found]
        for each, part in zip(tried, found, strict=True):
            each[rows] = part
        self.found = _merged(self.found, tried, self._record(tried, epsilon))

    def _record(self, tried: Sequence[Any], epsilon: float) -> BoolArray:
        """Return the samples that inputs newly fool, and note the epsilon."""
        right = self._target.right([tf.convert_to_tensor(each) for each in tried])
        fooled: BoolArray = np.isinf(self.reached) & ~right
        self.reached[fooled] = epsilon
        return fooled


class _Run:
    """One search on one target; the nearest example is looked for once for each sample."""

    def __init__(self, search: Search, target: Target, ranges: Sequence[Interval | None]) -> None:
        self._search, self._target, self._ranges = search, target, ranges
        self._near: list[Any] = [np.asarray(each).copy() for each in target.inputs]
        self._searched = np.zeros(target.size, bool)

    def within(self, rows: IntArray, epsilon: float) -> list[Any]:
        """Return examples for some samples within epsilon, an array for each input."""
        if self._search.nearest:
            self.complete(rows)
            found = [each[rows] for each in self._near]
        else:
            found = self._look(rows, epsilon)
        inputs = [each.numpy()[rows] for each in self._target.inputs]
        return within(inputs, found, epsilon, self._ranges)

    def distances(self) -> Any:
        """Return the distance of each sample from the example that fools; infinite without one."""
        right = self._target.right([tf.convert_to_tensor(each) for each in self._near])
        far = np.zeros(len(right))
        for each, near, interval in zip(self._target.inputs, self._near, self._ranges, strict=True):
            if interval is not None:
                change = np.abs(near - each.numpy()).reshape(len(far), -1)
                far = np.maximum(far, change.max(axis=1, initial=0))
        return np.where(right, np.inf, far)

    def complete(self, rows: IntArray) -> None:
        """Look for the nearest examples of samples, unless that was done."""
        left = rows[~self._searched[rows]]
        if left.size:
            for each, part in zip(self._near, self._look(left, np.inf), strict=True):
                each[left] = part
            self._searched[left] = True

    def _look(self, rows: IntArray, epsilon: float) -> list[Any]:
        box = UnitBox(self._target.only(rows), self._ranges)
        return [each.numpy() for each in box.inputs(self._search(box, epsilon / box.width))]


def _merged(first: Sequence[Any], second: Sequence[Any], rows: BoolArray) -> list[Any]:
    """Return arrays with the rows of the second ones where `rows` says so."""
    merged = [np.array(each) for each in first]
    for each, other in zip(merged, second, strict=True):
        each[rows] = other[rows]
    return merged
