"""A class for every position of a sample: segmentation and tagging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import tensorflow as tf

from pytest_paoding.engine.evaluation.observing.heads import Head, as_log_odds, log_probabilities
from pytest_paoding.engine.evaluation.tasks.output_task import (
    OutputTask,
    centred,
    counted_in,
    numbers,
    without,
)

if TYPE_CHECKING:
    from pytest_paoding.engine.graph.types import BoolArray, IntArray, Shape
    from pytest_paoding.engine.ports import Port
    from pytest_paoding.records.protocol import TaskName


class PositionTask(OutputTask):
    """One class at each position; the last axis of the output are the classes."""

    name: ClassVar[TaskName] = "positions"
    default_score = "mean_iou"

    def __init__(self, port: Port, why: str, ignored: int | None = None) -> None:
        """Take an output, how its task was found out, and the class number its loss leaves out."""
        super().__init__(port, why)
        self.ignored = ignored

    @property
    def count(self) -> int:
        """Number of classes; a single unit tells two apart."""
        units = self.port.shape[-1] or 0
        return 2 if units == 1 else units

    @property
    def places(self) -> Shape:
        """Lengths of the positions."""
        return self.port.shape[:-1]

    def weighted(self, labels: Any, weights: Any) -> Any:
        """Return the weights of positions, 0 for those of the class that the loss leaves out."""
        array, axes = numbers(labels, self.port), len(self.port.shape)
        if self.ignored is None or array.ndim != axes + (array.shape[axes:] == (1,)):
            return weights
        return without(array.reshape(array.shape[:axes]) == self.ignored, weights)

    def truth(self, labels: Any, weights: Any = None) -> IntArray:
        """Return the class number at every position, shape (samples, *positions).

        Args:
            labels: Class numbers, shape (samples, *positions) or with a last axis of one; or
                one-hot, shape (samples, *positions, classes).
            weights: Of samples or positions; where that of a position is 0, its label may be
                anything.
        """
        array, axes = numbers(labels, self.port), len(self.port.shape)
        counted = counted_in(weights, array.shape[:axes])
        if array.ndim == axes + 1 and array.shape[-1] == self.count:
            return self._of_one_hot(array, counted)
        if array.ndim == axes + 1 and array.shape[-1] == 1:
            array = array[..., 0]
        positions = self.port.shape[:-1]
        fits = array.ndim == axes and all(
            own in (None, size) for own, size in zip(positions, array.shape[1:], strict=True)
        )
        if not fits:
            raise self._refuse(
                f"have the shape {array.shape}",
                f"expected a class for every position, shape (samples, *{positions})",
            )
        wrong = counted & ((array != np.round(array)) | (array < 0) | (array >= self.count))
        if wrong.any():
            raise self._refuse(
                f"hold {array[wrong][0]:g}",
                f"its {self.count} classes are numbered from 0 to {self.count - 1} (give "
                f"positions that do not count a sample weight of 0)",
            )
        with np.errstate(invalid="ignore"):  # of what does not count
            found: IntArray = array.astype(np.int64)
        found[~counted.reshape(len(found), -1).any(axis=1)] = 0  # whole samples, weighed as such
        return found

    def _of_one_hot(self, array: Any, counted: BoolArray) -> IntArray:
        """Return the class numbers of one-hot labels."""
        wrong = counted & ~(((array == 0) | (array == 1)).all(axis=-1) & (array.sum(axis=-1) == 1))
        if wrong.any():
            raise self._refuse(
                f"are not one-hot at every position: {array[wrong][0].tolist()}",
                'give the number of the one class at each (task = "regression" takes any values, '
                "and positions with a sample weight of 0 do not count)",
            )
        found: IntArray = np.nan_to_num(array).argmax(axis=-1).astype(np.int64)
        return found

    def form(self, scores: Any, head: Head) -> Any:
        """Return logits, shape (samples, *positions, classes)."""
        if self.port.shape[-1] != 1:
            return log_probabilities(scores) if head is Head.PROBABILITIES else scores
        odds = as_log_odds(scores, head)
        return tf.concat([tf.zeros_like(odds), odds], axis=-1)

    def answers(self, form: Any) -> IntArray:
        """Return the top class of every position, shape (samples, *positions)."""
        found: IntArray = np.asarray(form).argmax(axis=-1)
        return found

    def placed(self, form: Any) -> Any:
        """Return logits whose mean over the classes is 0."""
        return centred(form)

    def own(self, form: Any, head: Head) -> Any:
        """Return probabilities where the model gives them, else logits."""
        found = tf.nn.softmax(form) if head is Head.PROBABILITIES else form
        return np.asarray(found)[..., -self.port.units :]

    def losses(self, form: Any, truth: Any) -> Any:
        """Return the mean cross-entropy of the positions; those of class -1 do not count."""
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(truth, 0), form)
        counts = tf.cast(truth >= 0, each.dtype)
        rows = (tf.shape(each)[0], -1)
        total = tf.reduce_sum(tf.reshape(each * counts, rows), axis=1)
        return total / tf.maximum(tf.reduce_sum(tf.reshape(counts, rows), axis=1), 1)

    def agreed(self, one: Any, other: Any) -> BoolArray:
        """Return at which positions the top classes are the same, shape (samples, *positions)."""
        return one == other  # type: ignore[no-any-return]  # NumPy's Any
