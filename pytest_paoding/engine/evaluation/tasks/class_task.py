"""One class per sample, of two or of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.observing.heads import Head, two_columns_or_more
from pytest_paoding.engine.evaluation.tasks.output_task import (
    OutputTask,
    centred,
    counted_in,
    flipped_only,
    numbers,
    without,
)
from pytest_paoding.errors import EvaluationError

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import BoolArray, FloatArray, IntArray
    from pytest_paoding.engine.ports import Port
    from pytest_paoding.records.protocol import TaskName

_MATRIX = 2
_STEEP = 4.0  # the slope of the log-odds at one half


class ClassTask(OutputTask):
    """One of several classes: the top one of a row of scores is the answer."""

    name: ClassVar[TaskName] = "classes"
    decides = True
    default_score = "accuracy"

    def __init__(
        self,
        port: Port,
        why: str,
        *,
        told: bool = True,
        guessed: bool = False,
        ignored: int | None = None,
    ) -> None:
        """Take an output.

        Args:
            port: The output.
            why: How its task was found out.
            told: Whether the loss, the head or labels tell the task, so that it goes without
                saying.
            guessed: Whether nothing but the shape of the output tells it.
            ignored: The class number that its loss leaves out.
        """
        super().__init__(port, why)
        self._told, self.guessed, self.ignored = told, guessed, ignored

    @property
    def note(self) -> str | None:
        """What the output was taken for, where nothing told it."""
        return None if self._told else self.taken

    @property
    def count(self) -> int:
        """Number of classes; a single unit tells two apart."""
        return classes_of(self.port)

    def weighted(self, labels: Any, weights: Any) -> Any:
        """Return the weights of samples, 0 for those of the class that the loss leaves out."""
        if self.ignored is None:
            return weights
        array = numbers(labels, self.port)
        if array.shape not in {array.shape[:1], (*array.shape[:1], 1)} or not array.ndim:
            return weights
        return without(array.reshape(len(array)) == self.ignored, weights)

    def truth(self, labels: Any, weights: Any = None) -> IntArray:
        """Return the class number of every sample, shape (samples,); 0 where its weight is 0.

        Args:
            labels: Class numbers, shape (samples,) or (samples, 1), of any numeric dtype; or
                one-hot rows, shape (samples, classes).
            weights: Of samples; where that of one is 0, its label may be anything.
        """
        array = numbers(labels, self.port)
        counted = counted_in(weights, array.shape[:1])
        if array.ndim == _MATRIX and array.shape[1] == self.count:
            return self._from_one_hot(
                np.where(counted[:, np.newaxis], array, np.arange(self.count) == 0)
            )
        if array.ndim == _MATRIX and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            expected = f"class numbers, shape (samples,), or one-hot rows, (samples, {self.count})"
            raise self._refuse(f"have the shape {array.shape}", f"expected {expected}")
        array = np.where(counted, array, 0)
        self._require_whole(array)
        found: IntArray = array.astype(np.int64)
        if found.size and (found.min() < 0 or found.max() >= self.count):
            raise self._refuse(
                f"run from {found.min()} to {found.max()}",
                f"its {self.count} classes are numbered from 0 to {self.count - 1}",
            )
        return found

    def by_units(self, scores: Any) -> Any:
        """Return an output's values, shape (samples, units)."""
        return scores.reshape(len(scores), -1)

    def form(self, scores: Any, head: Head) -> Any:
        """Return logits, shape (samples, classes)."""
        return two_columns_or_more(scores, head)

    def answers(self, form: Any) -> IntArray:
        """Return the top class, shape (samples,)."""
        found: IntArray = np.asarray(form).argmax(axis=1)
        return found

    def placed(self, form: Any) -> Any:
        """Return logits whose mean over the classes is 0."""
        return centred(form)

    def own(self, form: Any, head: Head) -> Any:
        """Return probabilities where the model gives them, else logits, shape (samples, units)."""
        found = tf.nn.softmax(form) if head is Head.PROBABILITIES else form
        return np.asarray(found)[:, -self.port.units :]

    def losses(self, form: Any, truth: Any) -> Any:
        """Return the cross-entropy; samples of class -1 do not count."""
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(truth, 0), form)
        return each * tf.cast(truth >= 0, each.dtype)

    def right(self, answers: Any, truth: Any) -> BoolArray:
        """Return which samples are of the class that is the top one, or do not count."""
        found: BoolArray = (answers == truth) | (truth < 0)
        return found

    def agreed(self, one: Any, other: Any) -> BoolArray:
        """Return where the top classes are the same, shape (samples,)."""
        return one == other  # type: ignore[no-any-return]  # NumPy's Any

    def shifted(self, one: Any, other: Any) -> FloatArray:
        """Return how far the log-odds of the one's answer to the other's are apart."""
        rows, answers = np.arange(len(one)), (self.answers(one), self.answers(other))
        with np.errstate(invalid="ignore"):  # of two infinite logits
            apart = np.asarray(one, np.float64) - other
            shifts = apart[rows, answers[0]] - apart[rows, answers[1]]
        return flipped_only(shifts, answers[0] != answers[1])

    def worded(self, answer: Any) -> str:
        """Return the class number."""
        return str(int(answer))

    def _from_one_hot(self, array: Any) -> IntArray:
        wrong = (array != 0).sum(axis=1) != 1
        wrong |= array.max(axis=1, initial=0) != 1
        if wrong.any():
            row = int(wrong.argmax())
            raise self._refuse(
                "are not one-hot",
                f'row {row} is {array[row].tolist()} (task = "multilabel" takes several classes '
                f'of a sample, "regression" any values)',
            )
        found: IntArray = array.argmax(axis=1).astype(np.int64)
        return found

    def _require_whole(self, array: Any) -> None:
        if array.dtype.kind != "f":
            return
        wrong = ~np.isfinite(array) | (array != np.round(array))
        if wrong.any():
            raise self._refuse(
                f"are no class numbers: {array[wrong][0]:g} in sample {int(wrong.argmax())}",
                'set task = "regression" if it predicts values',
            )


class BinaryTask(ClassTask):
    """Two classes told apart by a single unit."""

    name: ClassVar[TaskName] = "binary"

    def __init__(self, port: Port, why: str, *, halfway: bool = False, told: bool = True) -> None:
        """Take an output.

        Args:
            port: The output.
            why: How its task was found out.
            halfway: Whether the unit is linear and decides at one half.
            told: Whether the loss or the head tells the task, so that it goes without saying.
        """
        super().__init__(port, why, told=told)
        if self.count != 2:  # noqa: PLR2004 # that is what binary means
            raise EvaluationError(
                f'output {port.name!r} has {self.count} units: task = "binary" is of one or two'
            )
        self.halfway = halfway

    def form(self, scores: Any, head: Head) -> Any:
        """Return logits, shape (samples, 2)."""
        if self.halfway and head is not Head.PROBABILITIES:
            scores, head = _STEEP * (scores - 0.5), Head.LOGITS
        return two_columns_or_more(scores, head)


def classes_of(output: Port) -> int:
    """Return the number of classes an output tells apart; a single unit tells two.

    Raises:
        EvaluationError: It does not give one row of scores per sample, so it is no classifier's.
    """
    lengths = [length for length in output.shape if length != 1]
    if len(lengths) > 1 or None in lengths or not output.floating:
        shape = ", ".join("?" if length is None else str(length) for length in output.shape)
        raise EvaluationError(
            f"output {output.name!r} of shape (batch, {shape}), {output.dtype}, is not that of a "
            f"classifier, (batch, classes): give labels for another output only, as a dict by "
            f"name, or say its task"
        )
    return int(lengths[0] or 0) if lengths else 2
